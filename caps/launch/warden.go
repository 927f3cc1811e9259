package launch

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"
)

// startKeeper makes a keeper, and its warden, of an executable that calls
// KeeperMain.
func startKeeper(executable string, meanwhile ...func()) (*Keeper, error) {
	inherited, err := readInherited()
	if err != nil {
		return nil, err
	}
	var others sync.WaitGroup
	defer others.Wait()
	for _, other := range meanwhile {
		others.Go(other)
	}
	conn, end, err := newSocket()
	if err != nil {
		return nil, err
	}
	// In a process group of its own, which the command cannot kill with its own.
	warden, hello, err := startChild(func(socket int) (int, error) {
		return spawnKeeper(executable, wardenName, append(keeperEnviron(roleWarden), inherited.environ()), syscall.SysProcAttr{Setpgid: true}, socket, end)
	})
	if err != nil {
		conn.close()
		return nil, err
	}
	k := keeperAt(conn, hello.Number)
	k.warden, k.hooks = warden, &hooks{inherited: inherited, helper: warden}
	warden.mu.Lock()
	warden.kept = k
	warden.mu.Unlock()
	if err := warden.conn.send(message{Kind: keptRequest}); err != nil {
		return nil, errors.Join(warden.explain(err), conn.close(), warden.hangUp(goodbye))
	}
	if _, err := k.greet(); err != nil {
		return nil, errors.Join(err, conn.close(), warden.hangUp(goodbye))
	}
	return k, nil
}

// hooks are the commands beside the command, and who runs them.
type hooks struct {
	inherited inherited

	mu       sync.Mutex
	helper   *Keeper
	bequest  message
	bequests bool
}

// Helper starts what is to be beside the command, as capmon itself: its
// processes are no descendants of k, and end when k is closed, or when capmon
// dies. It is started again when the command has killed it.
func (k *Keeper) Helper() (*Keeper, error) {
	h := k.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.helper.isDead() {
		return h.helper, nil
	}
	helper, _, err := startChild(func(socket int) (int, error) {
		env := append(keeperEnviron(roleHelper), h.inherited.environ())
		return spawnKeeper(ownExecutable, wardenName, env, syscall.SysProcAttr{Setpgid: true}, socket)
	})
	if err != nil {
		return nil, err
	}
	h.helper = helper
	if h.bequests {
		err = helper.explain(helper.conn.send(h.bequest))
	}
	return helper, err
}

// Bequeath names what is to be run if capmon dies, when everything else that
// it started has ended, and how long that may take. nil takes it back. If it
// runs already, as a Bequeathed command, it is not run again.
func (k *Keeper) Bequeath(spec *Spec, limit time.Duration) error {
	if _, err := k.Helper(); err != nil {
		return err
	}
	h := k.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bequest, h.bequests = message{Kind: bequeathRequest, Limit: limit}, spec != nil
	if spec != nil {
		h.bequest.Spec = spec.wire()
	}
	return h.helper.explain(h.helper.conn.send(h.bequest))
}

func (h *hooks) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.helper.Close()
}

// EndHook ends a detached command: SIGTERM for its process group, and after
// grace SIGKILL. It returns when the command has ended.
func (p *Process) EndHook(grace time.Duration) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, patience}} {
		if err := p.signal(step.signal); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), step.wait)
		_, err := p.Wait(ctx)
		cancel()
		if err == nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return errors.New("end process: still there after SIGKILL")
}
