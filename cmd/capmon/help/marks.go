package help

import (
	"regexp"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
)

// marks are the words of a page's texts that are set in another face: the
// words that stand for values. Options and names of other pages are known by
// their looks.
type marks map[string]bool

var (
	capitals = regexp.MustCompile(`\b[A-Z]+\b`)
	// markedWord is an option behind what may stand before one, <cmd>,
	// [options], the name of a page with its section, or a word that may
	// stand for a value.
	markedWord = regexp.MustCompile(`(?:^|[\s(\[])(?:--?[a-z][a-z-]*|--)|<[a-z]+>|\boptions\]|\b[a-z][a-z._-]*\(\d\)|\b[A-Z]+s?\b`)
)

// marksOf collects the words that stand for values in usage and options.
func marksOf(c *command.Command) marks {
	m := marks{}
	add := func(text string) {
		for _, word := range capitals.FindAllString(text, -1) {
			m[word] = true
		}
	}
	for _, form := range c.Forms() {
		add(form.Term)
	}
	for _, o := range c.Options {
		add(o.Value.Placeholder)
	}
	return m
}

// set escapes text for roff with its marked words in their faces.
func (m marks) set(text string) string {
	var b strings.Builder
	rest := 0
	for _, at := range markedWord.FindAllStringIndex(text, -1) {
		b.WriteString(roffEscape(text[rest:at[0]]))
		b.WriteString(m.mark(text[at[0]:at[1]]))
		rest = at[1]
	}
	b.WriteString(roffEscape(text[rest:]))
	return b.String()
}

func (m marks) mark(word string) string {
	if name, section, ok := strings.Cut(word, "("); ok && name != "" && strings.HasSuffix(word, ")") {
		return bold(name) + "(" + section
	}
	if strings.HasPrefix(word, "<") {
		return italic(word)
	}
	if name, ok := strings.CutSuffix(word, "]"); ok {
		return italic(name) + "]"
	}
	if dash := strings.Index(word, "-"); dash >= 0 {
		return roffEscape(word[:dash]) + bold(word[dash:])
	}
	if one, many := strings.CutSuffix(word, "s"); many && m[one] {
		return italic(one) + "s"
	}
	if m[word] {
		return italic(word)
	}
	return roffEscape(word)
}

// markValue sets what stands for an option's value; small letters are meant as
// they are.
func markValue(form string) string {
	return valueWord.ReplaceAllStringFunc(form, func(word string) string {
		if word == strings.ToLower(word) {
			return bold(word)
		}
		return italic(word)
	})
}

var valueWord = regexp.MustCompile(`[A-Za-z]+`)

func bold(code string) string { return `\fB` + roffCode(code) + `\fR` }

func italic(word string) string { return `\fI` + roffCode(word) + `\fR` }

// roffEscape keeps text from meaning something to roff, or from becoming
// typography: a quote would turn into a curved one.
func roffEscape(text string) string {
	return strings.NewReplacer(`\`, `\e`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`).Replace(text)
}

// roffCode is roffEscape for what people type: a hyphen would turn into one
// that no shell knows.
func roffCode(text string) string {
	return strings.ReplaceAll(roffEscape(text), "-", `\-`)
}
