package attempt

import "fmt"

// Command output is kept from its beginning and from its end; what a chatty
// command printed between them is not held in memory.
const (
	headBytes = 16 << 10
	tailBytes = 48 << 10
)

// clipped is a writer that keeps the beginning and the end of what is written.
type clipped struct {
	head []byte
	tail []byte
	lost int
}

func (c *clipped) Write(p []byte) (int, error) {
	n := len(p)
	if room := headBytes - len(c.head); room > 0 {
		take := min(room, len(p))
		c.head = append(c.head, p[:take]...)
		p = p[take:]
	}
	c.tail = append(c.tail, p...)
	if over := len(c.tail) - tailBytes; over > tailBytes {
		c.drop(over)
	}
	return n, nil
}

// drop forgets the oldest n bytes of the tail.
func (c *clipped) drop(n int) {
	c.lost += n
	c.tail = append(c.tail[:0], c.tail[n:]...)
}

func (c *clipped) String() string {
	if over := len(c.tail) - tailBytes; over > 0 {
		c.drop(over)
	}
	if c.lost == 0 {
		return string(c.head) + string(c.tail)
	}
	return fmt.Sprintf("%s\n[%d bytes left out]\n%s", c.head, c.lost, c.tail)
}
