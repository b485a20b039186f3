package hsmseal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxStateFile bounds what is read of any file in the state directory.
const maxStateFile = 1 << 20

// readFile reads a small file; a missing one matches fs.ErrNotExist.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxStateFile {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes", path, maxStateFile)
	}
	return os.ReadFile(path)
}

// replaceFile puts data at path so that a crash at any point leaves either the
// old file or the new one, whole and on disk.
func replaceFile(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(temp.Name())))
		}
	}()
	if err := writeAndSync(temp, data); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeAndSync(file *os.File, data []byte) error {
	_, err := file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDir makes a rename in the directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// errLocked is a lock that another process holds.
var errLocked = errors.New("locked by another process")

// lockFile takes an exclusive lock that the kernel drops when the process ends.
// With wait false a held lock is errLocked. The caller closes the file.
func lockFile(path string, wait bool) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := unix.LOCK_EX
	if !wait {
		how |= unix.LOCK_NB
	}
	for err = unix.EINTR; errors.Is(err, unix.EINTR); {
		err = unix.Flock(int(file.Fd()), how)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = errLocked
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// prepareStateDir makes the state directory and its parts, for the daemon's
// user alone, and refuses one that others can write or own.
func prepareStateDir(c Config) error {
	for _, dir := range []string{c.StateDir, filepath.Dir(c.statePath("x")), filepath.Dir(c.hashesPath("x")), c.pinGuardDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("state directory: %v", err)
		}
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("state directory: %v", err)
		}
		if err := onlyOursToWrite(dir, info, os.Geteuid()); err != nil {
			return err
		}
	}
	return nil
}

// onlyOursToWrite refuses a directory that anybody but the user and root can
// write: it says which client tokens are accepted.
func onlyOursToWrite(dir string, info fs.FileInfo, uid int) error {
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("state directory: %s can be written by others (mode %04o): chmod 0700 it", dir, info.Mode().Perm())
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || (int(stat.Uid) != uid && stat.Uid != 0) {
		return fmt.Errorf("state directory: %s belongs to another user, who can change it", dir)
	}
	return nil
}
