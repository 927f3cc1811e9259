package unit

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
)

// parseBool reads a boolean as systemd does (parse_boolean in
// src/basic/parse-util.c).
func parseBool(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "t", "on":
		return true, nil
	case "0", "no", "n", "false", "f", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", value)
}

// timeUnits are those of systemd.time(7).
var timeUnits = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"us": time.Microsecond, "usec": time.Microsecond, "µs": time.Microsecond, "μs": time.Microsecond,
	"ms": time.Millisecond, "msec": time.Millisecond,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
	"M": 2629800 * time.Second, "month": 2629800 * time.Second, "months": 2629800 * time.Second,
	"y": 31557600 * time.Second, "year": 31557600 * time.Second, "years": 31557600 * time.Second,
}

// forever is a time without end ("infinity").
const forever = time.Duration(math.MaxInt64)

// parseTime reads a time span (systemd.time(7), "Parsing Time Spans"); a number
// alone is in seconds.
func parseTime(value string) (time.Duration, error) {
	if value == "infinity" {
		return forever, nil
	}
	bad := fmt.Errorf("%q is not a time: write it like 90, 5s or 1min 30s", value)
	var sum float64
	rest := strings.TrimSpace(value)
	if rest == "" {
		return 0, bad
	}
	for rest != "" {
		end := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		number, err := strconv.ParseFloat(rest[:end], 64)
		if err != nil {
			return 0, bad
		}
		rest = strings.TrimLeft(rest[end:], blanks)
		end = strings.IndexAny(rest, "0123456789."+blanks)
		if end < 0 {
			end = len(rest)
		}
		unit, ok := timeUnits[rest[:end]]
		if !ok {
			return 0, bad
		}
		sum += number * float64(unit)
		rest = strings.TrimLeft(rest[end:], blanks)
	}
	if sum >= float64(forever) {
		return forever, nil
	}
	return time.Duration(sum), nil
}

// parseMode reads octal permissions.
func parseMode(value string) (uint32, error) {
	mode, err := strconv.ParseUint(value, 8, 32)
	if err != nil || mode > 0o7777 {
		return 0, fmt.Errorf("%q is not an octal mode such as 0755", value)
	}
	return uint32(mode), nil
}

func parseInt(low, high int) func(string) (int, error) {
	return func(value string) (int, error) {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("%q is not a number from %d to %d", value, low, high)
		}
		return n, nil
	}
}

// parseCapabilities reads what one assignment of capabilities does to a set
// (config_parse_capability_set in load-fragment.c): without a value nothing is
// left, "~" takes away, and a first "~" takes away from everything. Names need
// their CAP_; others are returned, for systemd ignores them.
func parseCapabilities(before caps.Set, assigned bool, value string) (set caps.Set, ignored []string) {
	if value == "" {
		return 0, nil
	}
	list, invert := strings.CutPrefix(value, "~")
	var named caps.Set
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(blanks+",", r) }) {
		c, err := caps.Parse(word)
		if err != nil || !strings.HasPrefix(strings.ToUpper(word), "CAP_") {
			ignored = append(ignored, word)
			continue
		}
		named = named.With(c)
	}
	switch {
	case invert && !assigned:
		return every &^ named, ignored
	case invert:
		return before &^ named, ignored
	}
	return before | named, ignored
}

// every is the set of all capabilities, also those without a name yet.
const every = ^caps.Set(0)

// parsePath reads an absolute path.
func parsePath(value string) (string, error) {
	if !path.IsAbs(value) {
		return "", fmt.Errorf("%q is not an absolute path", value)
	}
	return path.Clean(value), nil
}

// parseRelative reads the path of a directory below one of the manager's own.
func parseRelative(value string) (string, error) {
	clean := path.Clean(value)
	if value == "" || path.IsAbs(value) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("%q is not a path below the directory of the manager", value)
	}
	return clean, nil
}

// Limit is a resource limit, soft and hard; see getrlimit(2).
type Limit struct{ Soft, Hard uint64 }

// Infinity is a limit that there is not.
const Infinity = math.MaxUint64

// parseLimit reads "SOFT:HARD" or one value for both. Sizes have the suffixes K
// to E, with base 1024; of times, LimitCPU= is in seconds, LimitRTTIME= in
// microseconds (systemd.exec(5)).
func parseLimit(name, value string) (Limit, error) {
	softText, hardText, both := strings.Cut(value, ":")
	soft, err := parseLimitValue(name, softText)
	if err != nil {
		return Limit{}, err
	}
	if !both {
		return Limit{soft, soft}, nil
	}
	hard, err := parseLimitValue(name, hardText)
	if err == nil && soft > hard {
		err = errors.New("the soft limit is above the hard one")
	}
	return Limit{soft, hard}, err
}

func parseLimitValue(name, value string) (uint64, error) {
	if value == "infinity" {
		return Infinity, nil
	}
	switch name {
	case "CPU", "RTTIME":
		span, err := parseTime(value)
		if err != nil {
			return 0, err
		}
		if name == "CPU" {
			return uint64((span + time.Second - 1) / time.Second), nil
		}
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			return n, nil
		}
		return uint64(span / time.Microsecond), nil
	case "NICE":
		// "+5" and "-5" are nice values; the limit is 20 less that.
		if n, err := strconv.Atoi(value); err == nil && strings.ContainsAny(value[:1], "+-") {
			if n < -20 || n > 19 {
				return 0, fmt.Errorf("%q is not a nice value", value)
			}
			return uint64(20 - n), nil
		}
	}
	return parseSize(value)
}

func parseSize(value string) (uint64, error) {
	shift := 0
	number := value
	if i := strings.IndexAny(value, "KMGTPE"); i >= 0 && (i == len(value)-1) {
		shift = 10 * (1 + strings.IndexByte("KMGTPE", value[i]))
		number = value[:i]
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(number), "B"), 10, 64)
	if err != nil || n > Infinity>>shift {
		return 0, fmt.Errorf("%q is not a size such as 64K or infinity", value)
	}
	return n << shift, nil
}
