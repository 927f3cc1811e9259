package service

import (
	"fmt"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/executor"
	"github.com/capmon/capmon/discover/unit"
)

// openSockets are the sockets that the service is passed, and the names of their
// units.
func openSockets(u unit.Service, path []string, host unit.Host) (sockets []executor.Socket, names []string, err error) {
	units, err := unit.Sockets(u, path, host)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range units {
		if s.Accept {
			return nil, nil, fmt.Errorf("unit %s is started by %s for each connection, which capmon cannot do", u.Name, s.Name)
		}
		owner, err := socketOwner(s)
		if err != nil {
			return nil, nil, err
		}
		names = append(names, s.Name)
		for _, l := range s.Listen {
			sockets = append(sockets, executor.Socket{
				Network: l.Network, Address: l.Address, Only6: s.Only6, Backlog: s.Backlog,
				Mode: s.Mode, UID: owner.UID, GID: owner.GID, Name: s.FDName,
			})
		}
	}
	return sockets, names, nil
}

func socketOwner(s unit.Socket) (account.Identity, error) {
	spec := "0"
	if s.User != "" {
		spec = s.User
	}
	if s.Group != "" {
		spec += ":" + s.Group
	}
	id, err := account.Lookup(spec)
	if err != nil {
		return id, fmt.Errorf("unit %s: %w", s.Name, err)
	}
	return id, nil
}
