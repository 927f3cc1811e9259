package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/capmon/capmon/scripts/bench/measure"
	"github.com/capmon/capmon/scripts/bench/sample"
)

const width, height = 18 * vg.Centimeter, 10 * vg.Centimeter

// plotName is the file name of the plot of a scale.
func plotName(scale measure.Scale) string { return "performance-" + scale.Name + ".svg" }

// drawScale draws what one unit takes against how many there are.
func drawScale(dir string, s sample.Set, scale measure.Scale, watchers []string) error {
	p := plot.New()
	p.Title.Text = fmt.Sprintf("Time per %s", scale.Unit)
	p.X.Label.Text, p.Y.Label.Text = scale.Name, "ns (median; bars: least and greatest)"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Add(plotter.NewGrid())
	p.Legend.Top, p.Legend.Left = true, true
	for i, w := range watchers {
		if err := addCurve(p, i, w, curveOf(s, scale, w)); err != nil {
			return fmt.Errorf("draw %s: %w", w, err)
		}
	}
	// Room for the legend above the curves.
	p.Y.Max *= 8
	return savePlot(p, filepath.Join(dir, plotName(scale)))
}

func addCurve(p *plot.Plot, i int, name string, c curve) error {
	if c.Len() == 0 {
		return nil
	}
	line, points, err := plotter.NewLinePoints(c)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(c)
	if err != nil {
		return err
	}
	line.Color, points.Color, bars.Color = plotutil.Color(i), plotutil.Color(i), plotutil.Color(i)
	line.Width, points.Radius = vg.Points(1.5), vg.Points(2.5)
	points.Shape = draw.CircleGlyph{}
	p.Add(line, points, bars)
	p.Legend.Add(name, line, points)
	return nil
}

// savePlot writes the file only when the drawing is whole.
func savePlot(p *plot.Plot, file string) error {
	drawn, err := p.WriterTo(width, height, "svg")
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = drawn.WriteTo(f)
	return errors.Join(err, f.Close())
}

// curve is one watcher's, with the spread of each point.
type curve struct {
	at    []float64
	stats []sample.Stat
}

func curveOf(s sample.Set, scale measure.Scale, watcher string) curve {
	var c curve
	for _, n := range scale.Sizes {
		if values := s.Get(scale.Measure(n), watcher); len(values) > 0 {
			c.at, c.stats = append(c.at, float64(n)), append(c.stats, sample.Of(values))
		}
	}
	return c
}

func (c curve) Len() int                    { return len(c.at) }
func (c curve) XY(i int) (float64, float64) { return c.at[i], c.stats[i].Median }
func (c curve) YError(i int) (low, high float64) {
	return c.stats[i].Median - c.stats[i].Low, c.stats[i].High - c.stats[i].Median
}
