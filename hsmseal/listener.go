package hsmseal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// listen opens the unix socket. A socket file that a killed daemon left is
// removed, but only when nobody answers on it, and nothing but a socket is.
// The caller holds the state directory's lock, so no second daemon races it, and
// runs nothing else that makes files: the umask is the whole process's.
func listen(ctx context.Context, config ListenerConfig) (net.Listener, error) {
	if err := removeStale(ctx, config.Path); err != nil {
		return nil, err
	}
	// Before the mode is set nobody but this user may connect.
	old := unix.Umask(0o177)
	defer unix.Umask(old)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", config.Path)
	if err != nil {
		return nil, fmt.Errorf("listener: %v", err)
	}
	if err := os.Chmod(config.Path, config.Mode); err != nil {
		return nil, errors.Join(fmt.Errorf("listener: %v", err), listener.Close())
	}
	return listener, nil
}

func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listener: %v", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("listener: %s exists and is no socket: move it away or choose another path", path)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("listener: another process serves on %s", path), conn.Close())
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("listener: %s cannot be tried, so it is not removed: %v", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("listener: removing a stale socket: %v", err)
	}
	return nil
}

type peerUIDKey struct{}

// withPeerUID notes who connected, as the kernel knows it (SO_PEERCRED of
// unix(7)): the user at the time of connect.
func withPeerUID(ctx context.Context, conn net.Conn) context.Context {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return ctx
	}
	var peer *unix.Ucred
	var peerErr error
	err = raw.Control(func(fd uintptr) {
		peer, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || peerErr != nil {
		return ctx
	}
	return context.WithValue(ctx, peerUIDKey{}, peer.Uid)
}

func peerUID(ctx context.Context) (uint32, bool) {
	uid, ok := ctx.Value(peerUIDKey{}).(uint32)
	return uid, ok
}
