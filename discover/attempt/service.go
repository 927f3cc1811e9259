package attempt

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/trace/follow"
)

// stopTimeout is how long a service may take to stop where its unit allows
// more.
const stopTimeout = 30 * time.Second

// serving is a service, or a container, that is taken through its scenarios.
type serving struct {
	service.Instance
	workload
	runner  *Runner
	printed *output
}

// workload is what a service or a container knows of itself.
type workload interface {
	// Runs says whether it has processes when it has started, CanReload
	// whether it knows how to reload, and CanStop how to stop, by itself.
	Runs() bool
	CanReload() bool
	CanStop() bool
	// StartTimeout and StopTimeout are its own limits; 0 is none.
	StartTimeout() time.Duration
	StopTimeout() time.Duration
}

// runService is run for a service.
func (r *Runner) runService(ctx context.Context, grant caps.Set) (controller.Attempt, error) {
	printed, err := newOutput(r.config.Service.User(), nil, r.config.Echo)
	if err != nil {
		return controller.Attempt{}, err
	}
	var recording *follow.Recording
	if r.tracer != nil {
		if recording, err = r.tracer.Record(); err != nil {
			return controller.Attempt{}, errors.Join(err, closed(printed))
		}
	}
	instance, err := r.config.Service.Begin(service.World{
		Keeper: r.keeper, Helper: r.helper, Recording: recording, Root: r.root, Output: printed.write,
	}, grant)
	if err != nil {
		return controller.Attempt{}, errors.Join(err, closed(printed))
	}
	s := &serving{instance, r.config.Service, r, printed}
	attempt, err := s.run(ctx, recorded{recording})
	err = errors.Join(err, instance.End(ctx))
	attempt.Output = printed.finish() + attempt.Output
	if err != nil || recording == nil {
		return attempt, err
	}
	return attempt, r.collect(recording, &attempt, nil)
}

func closed(o *output) error {
	o.finish()
	return nil
}

func (s *serving) run(ctx context.Context, seen recorded) (controller.Attempt, error) {
	attempt, err := s.start(ctx)
	switch {
	case err != nil:
		return attempt, err
	case !attempt.Success:
		attempt.Scenario = controller.Start
	default:
		err = goThrough(ctx, s, seen, &attempt)
	}
	if err == nil {
		err = s.runner.check(ctx, &attempt)
	}
	return attempt, err
}

// start starts the service and waits until it is ready, by its Type= and by
// Ready.
func (s *serving) start(ctx context.Context) (controller.Attempt, error) {
	r, began := s.runner, time.Now()
	limit := s.startLimit()
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	failure, err := s.Start(ctx, limit)
	if err != nil {
		return controller.Attempt{}, err
	}
	took := time.Since(began)
	if failure != nil {
		return controller.Attempt{Exit: failure.Exit, Outcome: failure.Outcome, Duration: took}, nil
	}
	attempt := controller.Attempt{Success: true, Outcome: "started", Duration: took}
	if r.config.Ready != "" {
		if attempt, err = s.awaitReady(within, ctx, limit); err != nil || !attempt.Success {
			return attempt, err
		}
	}
	if s.Runs() {
		if err := s.moment(ctx); err != nil {
			return controller.Attempt{}, err
		}
		if over := s.Over(); over != nil {
			return controller.Attempt{Exit: over.Exit, Outcome: over.Outcome + " though it seemed ready"}, nil
		}
	}
	r.pace.ready(took)
	return attempt, nil
}

// startLimit is how long the start may take.
func (s *serving) startLimit() time.Duration {
	r := s.runner
	if !s.Runs() {
		return r.config.Timeout
	}
	limit := r.pace.limit(r.config.ReadyTimeout)
	if own := s.StartTimeout(); own > 0 && r.config.ReadyTimeout == 0 {
		limit = min(limit, own)
	}
	return limit
}

// awaitReady tries Ready until it succeeds, the service is over, or the time
// is.
func (s *serving) awaitReady(within, ctx context.Context, limit time.Duration) (controller.Attempt, error) {
	began := time.Now()
	var last *HookError
	for {
		not, err := s.runner.isReady(within)
		over := s.Over()
		switch {
		case ctx.Err() != nil:
			return controller.Attempt{}, ctx.Err()
		case over != nil:
			return controller.Attempt{Exit: over.Exit, Outcome: over.Outcome + " before it was ready"}, nil
		case err == nil && not == nil:
			return controller.Attempt{Success: true, Outcome: "ready", Duration: time.Since(began)}, nil
		case within.Err() != nil:
			s.preface(prefaced(last))
			return s.runner.notReady(limit, last), nil
		case err != nil:
			return controller.Attempt{}, err
		}
		last = not
		select {
		case <-within.Done():
		case <-s.Ended():
		case <-time.After(readyPoll):
		}
	}
}

// moment lets a service fail that is about to.
func (s *serving) moment(ctx context.Context) error {
	select {
	case <-time.After(readyMoment):
	case <-s.Ended():
	}
	return ctx.Err()
}

func (s *serving) steps() []step {
	c := s.runner.config
	var list []step
	add := func(is bool, scenario controller.Scenario, done string, run func(context.Context) (string, error)) {
		if is && !slices.Contains(c.Skip, scenario) {
			list = append(list, step{scenario, done, run})
		}
	}
	add(c.Exercise != "", controller.Serve, "served", s.exercise)
	add(c.Reload != "" || s.CanReload(), controller.Reload, "reloaded", s.reload)
	add(c.Stop != "" || s.CanStop(), controller.Stop, "stopped", s.stop)
	return list
}

func (s *serving) preface(text string) { s.printed.preface = text }

func (s *serving) fate() string {
	if over := s.Over(); over != nil {
		return ", the service ended: " + over.Outcome
	}
	return ""
}

func (s *serving) exercise(ctx context.Context) (string, error) {
	return "", s.runner.runHookOf(ctx, s.MainPID(), "exercise", s.runner.config.Exercise)
}

// reload is by the caller's command, or as the unit has it; the service must
// be ready then.
func (s *serving) reload(ctx context.Context) (string, error) {
	limit := s.startLimit()
	if own := s.runner.config.Reload; own != "" {
		if err := s.runner.runHookOf(ctx, s.MainPID(), "reload", own); err != nil {
			return "", err
		}
	} else if failure, err := s.Reload(ctx, limit); failure != nil || err != nil {
		return worded(failure), err
	}
	if err := s.moment(ctx); err != nil || s.Over() != nil {
		return "failed", err
	}
	if s.runner.config.Ready == "" {
		return "", nil
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	again, err := s.awaitReady(within, ctx, limit)
	if err != nil || again.Success {
		return "", err
	}
	return "failed: " + again.Outcome, nil
}

// stop is by the caller's command, or as the unit has it.
func (s *serving) stop(ctx context.Context) (string, error) {
	if own := s.runner.config.Stop; own != "" {
		if err := s.runner.runHookOf(ctx, s.MainPID(), "stop", own); err != nil {
			return "", err
		}
	}
	limit := stopTimeout
	if own := s.StopTimeout(); own > 0 {
		limit = min(limit, own)
	}
	failure, err := s.Stop(ctx, limit)
	return worded(failure), err
}

func worded(f *service.Failure) string {
	if f == nil {
		return ""
	}
	return "failed: " + f.Outcome
}
