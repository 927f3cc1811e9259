package controller_test

import (
	"context"
	"fmt"
	"math/rand"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
)

// TestChance discovers commands that fail at random, before they ask for
// anything. An answer that is wrong must not be called minimal: of 200 not
// once, where it fails often enough to be noticed. The seeds are fixed, so the
// counts are as well.
func TestChance(t *testing.T) {
	const runs = 2000
	for name, p := range map[string]program{
		"nothing else":   {},
		"one needed":     {calls: []call{denied(caps.SysChroot)}},
		"two needed":     {calls: []call{denied(caps.SysChroot), denied(caps.DACReadSearch)}},
		"a lesser one":   {calls: []call{denied(caps.DACReadSearch, caps.DACOverride)}},
		"one wants root": {calls: []call{denied(caps.SysChroot)}, insists: true},
	} {
		for _, percent := range []int{10, 50, 90, 99} {
			t.Run(fmt.Sprintf("%s at %d %%", name, percent), func(t *testing.T) {
				wrong, minimal := 0, 0
				for seed := range int64(runs) {
					p := p
					p.chance, p.percent = rand.New(rand.NewSource(seed)), percent
					r, err := controller.Find(context.Background(), &p, controller.Options{Grantable: every, UID0: true})
					if err != nil {
						t.Fatal(err)
					}
					if r.Verdict != controller.Minimal {
						continue
					}
					minimal++
					if !p.isMinimal(r.Capabilities) || r.NeedsRoot != p.insists {
						wrong++
					}
				}
				t.Logf("%d minimal, %d of them wrong", minimal, wrong)
				most := runs / 1000 // a fifth of one in 200
				if percent == 99 {
					most = runs / 400 // half of one
				}
				if wrong > most {
					t.Errorf("%d of %d are wrong and called minimal, at most %d may be", wrong, runs, most)
				}
			})
		}
	}
}
