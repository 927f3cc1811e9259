package unit

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// blanks separate words (WHITESPACE in systemd's basic/string-util.h).
const blanks = " \t\n\r"

// splitWords splits text as systemd does: at blanks, with quotes around what
// belongs together, and C's escapes (extract_first_word with
// EXTRACT_UNQUOTE|EXTRACT_CUNESCAPE in src/basic/extract-word.c; "Quoting" in
// systemd.syntax(7)).
func splitWords(text string) ([]string, error) {
	var words []string
	for {
		word, rest, ok, err := firstWord(text, true)
		if err != nil {
			return nil, err
		}
		if !ok {
			return words, nil
		}
		words, text = append(words, word), rest
	}
}

// firstWord takes the first word off text; ok says whether there was one.
// Where unescape is false a backslash is an ordinary character.
func firstWord(text string, unescape bool) (word, rest string, ok bool, err error) {
	text = strings.TrimLeft(text, blanks)
	if text == "" {
		return "", "", false, nil
	}
	var out strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\\' && unescape:
			decoded, n, err := unescapeOne(text[i:])
			if err != nil {
				return "", "", false, err
			}
			out.WriteString(decoded)
			i += n
			continue
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && strings.IndexByte(blanks, c) >= 0:
			return out.String(), text[i:], true, nil
		default:
			out.WriteByte(c)
		}
		i++
	}
	if quote != 0 {
		return "", "", false, fmt.Errorf("a quote (%c) is not closed", quote)
	}
	return out.String(), "", true, nil
}

// simpleEscapes are those of one letter ("Supported escapes" in
// systemd.syntax(7)).
var simpleEscapes = map[byte]string{
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
	'\\': `\`, '"': `"`, '\'': "'", 's': " ",
}

// unescapeOne decodes the escape at the beginning of text, and returns how long
// it was. What is no escape stays as it is (EXTRACT_CUNESCAPE_RELAX, which
// commands have).
func unescapeOne(text string) (decoded string, n int, err error) {
	if len(text) < 2 {
		return `\`, 1, nil
	}
	if simple, ok := simpleEscapes[text[1]]; ok {
		return simple, 2, nil
	}
	number := func(from, digits, base int) (uint64, bool) {
		if len(text) < from+digits {
			return 0, false
		}
		v, err := strconv.ParseUint(text[from:from+digits], base, 32)
		return v, err == nil && v != 0
	}
	switch text[1] {
	case 'x':
		if v, ok := number(2, 2, 16); ok {
			return string([]byte{byte(v)}), 4, nil
		}
	case 'u', 'U':
		digits := map[byte]int{'u': 4, 'U': 8}[text[1]]
		if v, ok := number(2, digits, 16); ok && v <= utf8.MaxRune {
			return string(rune(v)), 2 + digits, nil
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		if v, ok := number(1, 3, 8); ok && v <= 0xff {
			return string([]byte{byte(v)}), 4, nil
		}
	}
	return text[:2], 2, nil
}
