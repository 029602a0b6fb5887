/* media.h - the sound path as the main thread sees it. Implements the port_media_ functions of
 * phone/ports.h too. The media thread lives behind this header; nothing of it shows. */
#ifndef OFFHOOK_MEDIA_MEDIA_H
#define OFFHOOK_MEDIA_MEDIA_H

#include "phone/phone.h"

/* Starts the media thread with DRIVER: "portaudio", "null", or "file:IN,OUT" (either empty).
 * Devices and RTP port range come from SETTINGS, which stays the caller's. Signals must be blocked
 * already. 0; EINVAL: no such driver; an errno of the named file, with *WHY a translated sentence. */
int media_start(struct phone *phone, const struct settings *settings, const char *driver, const char **why);
/* Ends the thread and the sound helper; recorded files are complete afterwards. */
void media_stop(void);
/* Devices in the settings have changed: open them anew. */
void media_devices_changed(void);
/* So has the country of the tones: those that begin from now on are its. */
void media_tones_changed(void);
/* The driver that was asked for: "portaudio", "null" or "file"; static string. */
const char *media_driver(void);
/* Levels are wanted (phone_media_levels(), five a second) or not. */
void media_meters(bool on);

/* main() of the sound helper process (hidden option --sound-helper, arguments after it); never
 * returns to the phone. Must run before anything else in main(). */
int sound_helper_main(int argc, char **argv);
/* PortAudio's version, for --version; static string. */
const char *sound_version(void);
const char *opus_version(void);

#endif
