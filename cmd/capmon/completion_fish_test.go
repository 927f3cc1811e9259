package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

func TestFishCompletion(t *testing.T) {
	testenv.NeedProgram(t, "fish", "fish")
	testCompletions(t, func(t *testing.T, dir, line string) []string {
		cmd := exec.Command("fish", "-c", "source ./capmon.fish; complete -C $argv[1]", line)
		cmd.Dir, cmd.Env = dir, shellEnv(dir)
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) > 0 {
			t.Fatalf("fish: %v\n%s", err, out)
		}
		var got []string
		for offer := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSuffix(offer, "\n"), "\t")
			got = append(got, strings.TrimSuffix(word, "/"))
		}
		return got
	})
}
