package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable keeps a line that others wrote from steering the terminal: what is
// neither printable nor a tab becomes U+FFFD.
func Printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, line)
}

// Sentence capitalizes text.
func Sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
