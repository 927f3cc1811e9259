package emit

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/capmon/capmon/discover/controller"
)

// yaml adds a document. What is written here can always be encoded.
func (p *page) yaml(document any) {
	encoder := yaml.NewEncoder(p)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		p.comment("This cannot be written as YAML: %v", err)
	}
}

// asYAML writes the report with the keys and in the order of its JSON form.
func asYAML(r controller.Report) []byte {
	var p page
	data, err := json.Marshal(r)
	var node yaml.Node
	if err == nil {
		// JSON is YAML; a node keeps the order.
		err = yaml.Unmarshal(data, &node)
	}
	if err != nil {
		p.comment("This report cannot be written as YAML: %v", err)
		return p.Bytes()
	}
	blockStyle(&node)
	p.yaml(&node)
	return p.Bytes()
}

// blockStyle lays out what was read from JSON as YAML is usually written.
func blockStyle(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode && len(n.Content) > 0 {
		n.Style = 0
	}
	if n.Kind == yaml.ScalarNode && n.Style == yaml.DoubleQuotedStyle {
		// The encoder puts in quotes what needs them.
		n.Style = 0
	}
	for _, child := range n.Content {
		blockStyle(child)
	}
}

// jsonDocument is a document that has no comments.
func jsonDocument(document any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Appendf(nil, "# This cannot be written as JSON: %v\n", err)
	}
	return out.Bytes()
}
