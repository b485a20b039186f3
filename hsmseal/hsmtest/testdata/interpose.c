// A PKCS#11 library that hands every call to SoftHSM and lets a test hold
// C_Login, C_Encrypt and C_Decrypt: where the directory INTERPOSE_DIR has the
// FIFOs NAME.begun and NAME.go, the call writes a byte to the first, then waits
// for a byte of the second: 'g' goes on, 'k' kills the process.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef unsigned long (*function)();
// CK_FUNCTION_LIST of PKCS #11 2.40: a version, then 68 functions.
struct list {
	unsigned char version[2];
	function functions[68];
};
enum { LOGIN = 18, ENCRYPT = 30, DECRYPT = 34 };

static struct list real, ours;

static int fifo(const char *name, const char *end, int flags) {
	char path[512];
	snprintf(path, sizeof path, "%s/%s.%s", getenv("INTERPOSE_DIR"), name, end);
	return open(path, flags);
}

static void hold(const char *name) {
	char go = 0;
	int begun = fifo(name, "begun", O_RDWR);
	if (begun < 0)
		return;
	int wait = fifo(name, "go", O_RDWR);
	if (write(begun, "b", 1) != 1 || read(wait, &go, 1) != 1)
		abort();
	close(begun);
	close(wait);
	if (go == 'k')
		kill(getpid(), SIGKILL);
}

static unsigned long login(unsigned long session, unsigned long user, void *pin, unsigned long length) {
	hold("login");
	return real.functions[LOGIN](session, user, pin, length);
}

static unsigned long encrypt(unsigned long session, void *in, unsigned long n, void *out, unsigned long *m) {
	if (out)
		hold("encrypt");
	return real.functions[ENCRYPT](session, in, n, out, m);
}

static unsigned long decrypt(unsigned long session, void *in, unsigned long n, void *out, unsigned long *m) {
	if (out)
		hold("decrypt");
	return real.functions[DECRYPT](session, in, n, out, m);
}

unsigned long C_GetFunctionList(struct list **out) {
	struct list *theirs;
	void *library = dlopen(getenv("INTERPOSE_MODULE"), RTLD_NOW | RTLD_LOCAL);
	unsigned long (*get)(struct list **) = library ? dlsym(library, "C_GetFunctionList") : NULL;
	if (!get || get(&theirs) != 0)
		return 5; // CKR_GENERAL_ERROR
	real = ours = *theirs;
	ours.functions[LOGIN] = (function)login;
	ours.functions[ENCRYPT] = (function)encrypt;
	ours.functions[DECRYPT] = (function)decrypt;
	*out = &ours;
	return 0;
}
