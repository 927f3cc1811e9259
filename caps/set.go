package caps

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
)

// Set is a set of capabilities, bit N standing for capability N.
type Set uint64

// NewSet returns the set of the capabilities given.
func NewSet(members ...Cap) Set {
	var s Set
	for _, c := range members {
		s = s.With(c)
	}
	return s
}

// ParseSet reads names separated by commas or blanks. An empty text is the
// empty set.
func ParseSet(text string) (Set, error) {
	var s Set
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		c, err := Parse(name)
		if err != nil {
			return 0, err
		}
		s = s.With(c)
	}
	return s, nil
}

// Known is the set of those names that are capabilities: container runtimes pass
// over others.
func Known(names []string) Set {
	var s Set
	for _, name := range names {
		if c, err := Parse(name); err == nil {
			s = s.With(c)
		}
	}
	return s
}

// Has says whether c is in s.
func (s Set) Has(c Cap) bool { return c < maxCaps && s&(1<<c) != 0 }

// Contains says whether all of other is in s.
func (s Set) Contains(other Set) bool { return s&other == other }

// With returns s and c.
func (s Set) With(c Cap) Set { return s | 1<<c }

// Without returns s less c.
func (s Set) Without(c Cap) Set { return s &^ (1 << c) }

// Minus returns s less every member of other.
func (s Set) Minus(other Set) Set { return s &^ other }

// Len is the number of members.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// Members lists the capabilities in the order of their numbers.
func (s Set) Members() []Cap {
	members := make([]Cap, 0, s.Len())
	for rest := uint64(s); rest != 0; rest &= rest - 1 {
		members = append(members, Cap(bits.TrailingZeros64(rest)))
	}
	return members
}

// Names lists the names as capabilities(7) has them, in the order of their
// numbers.
func (s Set) Names() []string {
	names := make([]string, 0, s.Len())
	for _, c := range s.Members() {
		names = append(names, c.String())
	}
	return names
}

// Summary is for a line of text: the names, or how many there are where they are
// more than most; "" for the empty set.
func (s Set) Summary(most int) string {
	if n := s.Len(); n > most {
		return fmt.Sprintf("%d capabilities", n)
	}
	return strings.Join(s.Names(), ", ")
}

// String writes the set as libcap does in cap_to_text(3): lower case,
// separated by commas; the empty set is "".
func (s Set) String() string { return strings.ToLower(strings.Join(s.Names(), ",")) }

// MarshalJSON writes an array of names.
func (s Set) MarshalJSON() ([]byte, error) { return json.Marshal(s.Names()) }

// UnmarshalJSON reads an array of names.
func (s *Set) UnmarshalJSON(data []byte) error {
	var members []Cap
	if err := json.Unmarshal(data, &members); err != nil {
		return fmt.Errorf("read capability set: %w", err)
	}
	*s = NewSet(members...)
	return nil
}
