package main

import (
	"fmt"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/cmd/capmon/exit"
)

// commandIdentity is the user that the command runs as, and a note on it for
// the user, "" where nothing surprises.
func commandIdentity(spec string) (account.Identity, string, error) {
	if spec != "" {
		id, err := account.Lookup(spec)
		if err != nil {
			return id, "", exit.Usagef("--user: %v", err)
		}
		return id, rootNote(id), nil
	}
	id, sudo, err := account.Caller()
	if err != nil {
		return id, "", err
	}
	if sudo {
		return id, fmt.Sprintf("the command runs as %s, who called sudo; --user NAME chooses another", id.Name), nil
	}
	return id, rootNote(id), nil
}

func rootNote(id account.Identity) string {
	if id.UID != 0 {
		return ""
	}
	return "the command runs as uid 0 without the power of being root (SECBIT_NOROOT); --user NAME chooses another user"
}
