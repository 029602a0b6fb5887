/* The sound helper, the one file that knows PortAudio. It opens input and output, moves samples between them and
 * two rings, and is killed when it no longer does. Nothing here may be relied upon by the phone. */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <portaudio.h>

#include "base/text.h"
#include "media/device.h"
#include "media/helper.h"
#include "media/media.h"

#define LATENCY 0.010  /* seconds asked for; more than 10 ms makes callbacks come in pairs */

/* All that the callbacks touch. With two streams they run on two threads, each with a ring of its own. */
static struct {
	struct helper_memory *memory;
	struct ring capture, play;
	bool input_wakes;   /* the input's callback is the phone's clock; else the output's */
} shared;

static PaStream *stream[2];
static unsigned streams;

/* PortAudio comes with what its sound systems bring along (megabytes, and milliseconds at every start): it is loaded
 * here, in the process that uses it, and never by the phone. */
#define PORTAUDIO "libportaudio.so.2"
#define FUNCTIONS(X) \
	X(AbortStream) X(CloseStream) X(GetDefaultInputDevice) X(GetDefaultOutputDevice) X(GetDeviceCount) \
	X(GetDeviceInfo) X(GetErrorText) X(GetLastHostErrorInfo) X(GetStreamInfo) X(GetVersionText) \
	X(Initialize) X(OpenStream) X(StartStream) X(Terminate)
#define MEMBER(name) __typeof__(Pa_##name) *(name);
#define LOAD(name) && (*(void **)&pa.name = dlsym(library, "Pa_" #name)) != NULL

static struct { FUNCTIONS(MEMBER) } pa;

/* Loads it once. False: it is not there, or not what it is called. */
static bool load_portaudio(void)
{
	static void *library;

	if (!library)
		library = dlopen(PORTAUDIO, RTLD_NOW | RTLD_LOCAL);
	return library FUNCTIONS(LOAD);
}

static int callback_h(const void *in, void *out, unsigned long frames, const PaStreamCallbackTimeInfo *time,
		      PaStreamCallbackFlags flags, void *arg)
{
	struct helper_memory *m = shared.memory;
	uint32_t n = (uint32_t)frames, got;
	uint64_t one = 1;

	(void)time;
	(void)flags;
	(void)arg;
	if (out) {
		got = ring_get(&shared.play, out, n);
		if (got < n) {
			memset((int16_t *)out + got, 0, (n - got) * sizeof(int16_t));
			atomic_fetch_add_explicit(&m->underruns, 1, memory_order_relaxed);
		}
		atomic_fetch_add_explicit(&m->out_calls, 1, memory_order_release);
	}
	if (in) {
		if (ring_put(&shared.capture, in, n) < n)
			atomic_fetch_add_explicit(&m->overruns, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&m->in_calls, 1, memory_order_release);
	}
	if (shared.input_wakes ? in != NULL : out != NULL) {
		if (write(HELPER_FD_WAKE, &one, sizeof(one)) < 0)
			return paContinue; /* the phone is gone or very late; either way nothing to do here */
	}
	return paContinue;
}

static void refused(struct helper_side *side, PaError err)
{
	const PaHostErrorInfo *host = err == paUnanticipatedHostError ? pa.GetLastHostErrorInfo() : NULL;
	const char *error = PORTAUDIO " is not installed";

	side->state = HELPER_REFUSED;
	if (host && host->errorText && host->errorText[0])
		error = host->errorText;
	else if (pa.GetErrorText)
		error = pa.GetErrorText(err);
	text_copy(side->error, sizeof(side->error), error);
}

/* The device called WANTED, or whose name has WANTED in it, that can do what is asked, else the default one; SIDE
 * gets its name, or why there is none. */
static PaDeviceIndex find_device(struct helper_side *side, const char *wanted, bool input)
{
	PaDeviceIndex usual = input ? pa.GetDefaultInputDevice() : pa.GetDefaultOutputDevice();
	PaDeviceIndex i, n = pa.GetDeviceCount(), found = paNoDevice;
	const PaDeviceInfo *info;

	text_copy(side->name, sizeof(side->name), wanted);
	if (strcmp(wanted, HELPER_DEFAULT) == 0) {
		found = usual;
		side->state = HELPER_NO_DEVICE;
	}
	else {
		side->state = HELPER_NO_SUCH;
		for (i = 0; i < n; i++) {
			info = pa.GetDeviceInfo(i);
			if (!info || !info->name || (input ? info->maxInputChannels : info->maxOutputChannels) < 1)
				continue;
			if (strcasecmp(info->name, wanted) == 0) {
				found = i;
				break;
			}
			if (found == paNoDevice && strcasestr(info->name, wanted))
				found = i;
		}
		/* a headset that was left at home: better heard elsewhere than not at all */
		if (found == paNoDevice) {
			found = usual;
			side->substitute = found != paNoDevice;
		}
	}
	info = found == paNoDevice ? NULL : pa.GetDeviceInfo(found);
	if (!info)
		return paNoDevice;
	side->state = HELPER_OPEN;
	text_copy(side->name, sizeof(side->name), info->name);
	return found;
}

static PaError open_stream(PaDeviceIndex in, PaDeviceIndex out)
{
	PaStreamParameters i = {.device = in, .channelCount = 1, .sampleFormat = paInt16, .suggestedLatency = LATENCY};
	PaStreamParameters o = i;
	PaStream *s = NULL;
	PaError err;

	o.device = out;
	err = pa.OpenStream(&s, in == paNoDevice ? NULL : &i, out == paNoDevice ? NULL : &o, DEVICE_RATE, DEVICE_FRAME,
			    paNoFlag, callback_h, NULL);
	if (err)
		return err;
	err = pa.StartStream(s);
	if (err)
		pa.CloseStream(s);
	else
		stream[streams++] = s;
	return err;
}

/* One stream for both, so that both have one clock; else one each; else the one that works. */
static void open_devices(struct helper_report *r, const char *input, const char *output)
{
	PaDeviceIndex in, out;
	PaError err = load_portaudio() ? pa.Initialize() : paInternalError;

	if (err) {
		text_copy(r->input.name, sizeof(r->input.name), input);
		text_copy(r->output.name, sizeof(r->output.name), output);
		refused(&r->input, err);
		refused(&r->output, err);
		return;
	}
	in = find_device(&r->input, input, true);
	out = find_device(&r->output, output, false);
	shared.input_wakes = in != paNoDevice;
	if (in != paNoDevice && out != paNoDevice && open_stream(in, out) == paNoError)
		return;
	if (in != paNoDevice) {
		err = open_stream(in, paNoDevice);
		if (err) {
			refused(&r->input, err);
			shared.input_wakes = false;
		}
	}
	if (out != paNoDevice) {
		err = open_stream(paNoDevice, out);
		if (err)
			refused(&r->output, err);
	}
	r->split = streams == 2;
}

static void fill_latency(struct helper_report *r)
{
	unsigned i;

	for (i = 0; i < streams; i++) {
		const PaStreamInfo *info = pa.GetStreamInfo(stream[i]);

		if (!info)
			continue;
		if (info->inputLatency > 0)
			r->input.latency_ms = (uint32_t)(info->inputLatency * 1000 + 0.5);
		if (info->outputLatency > 0)
			r->output.latency_ms = (uint32_t)(info->outputLatency * 1000 + 0.5);
	}
}

int sound_helper_main(int argc, char **argv)
{
	static struct helper_report report;
	struct rlimit no_core = {0, 0};
	struct pollfd p = {.fd = HELPER_FD_SOCKET, .events = POLLIN};
	char order;
	unsigned i;

	/* not one moment longer than the phone; it may have ended before the prctl() */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc != 5 || getppid() != (pid_t)strtol(argv[2], NULL, 10))
		return 2;
	prctl(PR_SET_NAME, "offhook-sound");
	setrlimit(RLIMIT_CORE, &no_core);
	/* libraries of the phone may have left descriptors open for us */
	syscall(SYS_close_range, HELPER_FD_SOCKET + 1, ~0U, 0);

	shared.memory = mmap(NULL, sizeof(*shared.memory), PROT_READ | PROT_WRITE, MAP_SHARED, HELPER_FD_MEMORY, 0);
	if (shared.memory == MAP_FAILED)
		return 2;
	close(HELPER_FD_MEMORY);
	ring_attach(&shared.capture, shared.memory->capture, HELPER_RING);
	ring_attach(&shared.play, shared.memory->play, HELPER_RING);

	open_devices(&report, argv[3], argv[4]);
	fill_latency(&report);
	if (send(HELPER_FD_SOCKET, &report, sizeof(report), MSG_NOSIGNAL) != (ssize_t)sizeof(report) || !streams)
		_exit(1);
	while (poll(&p, 1, -1) < 0)
		;
	if (recv(HELPER_FD_SOCKET, &order, 1, 0) == 1 && order == HELPER_QUIT) {
		for (i = 0; i < streams; i++) {
			pa.AbortStream(stream[i]);
			pa.CloseStream(stream[i]);
		}
		pa.Terminate();
	}
	_exit(0);
}

const char *sound_version(void)
{
	return load_portaudio() ? pa.GetVersionText() : "no PortAudio";
}
