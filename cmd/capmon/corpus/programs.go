package corpus

import "slices"

// Programs are whole programs of Debian's packages.
func Programs() []Case { return slices.Concat[[]Case]() }
