package unit

import (
	"fmt"
	"strings"
)

// Copy is the text of a unit of another name that runs the same service: all
// that the section [Service] of the unit's files says, in their order. What
// depends on the name is that of the original. Of what a unit says of others,
// only the mounts that it requires are kept.
func Copy(s Service, host Host) (string, error) {
	spec := host.specifiers(s.Name, s.Fragment)
	var unit, service strings.Builder
	for _, file := range append([]string{s.Fragment}, s.DropIns...) {
		assignments, err := readFile(file)
		if err != nil {
			return "", err
		}
		for _, a := range assignments {
			value := spec.expandName(a.value)
			switch {
			case a.section == "Service":
				fmt.Fprintf(&service, "%s=%s\n", a.key, value)
			case a.section == "Unit" && a.key == "RequiresMountsFor":
				fmt.Fprintf(&unit, "%s=%s\n", a.key, value)
			}
		}
	}
	return "[Unit]\nDescription=" + strings.ReplaceAll(s.Name.String(), "%", "%%") + " as capmon tries it\nStartLimitIntervalSec=0\n" +
		unit.String() + "\n[Service]\n" + service.String(), nil
}

// expandName replaces the specifiers that come of the unit's name and file.
func (s specifiers) expandName(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		if value, known := s[text[i]]; known && strings.IndexByte("nNpPiIjJyY", text[i]) >= 0 {
			out.WriteString(strings.ReplaceAll(value, "%", "%%"))
			continue
		}
		out.WriteString(text[i-1 : i+1])
	}
	return out.String()
}
