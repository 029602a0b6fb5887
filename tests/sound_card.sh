#!/bin/sh
# sound_card.sh FOLDER PLUGIN [KIND] - writes FOLDER/asound.conf, a sound card made of two files and a clock:
# what is played goes to FOLDER/speaker.raw, what is heard comes from FOLDER/microphone.raw (48 kHz, mono,
# 16 bit of this machine, raw). Use: ALSA_CONFIG_PATH=FOLDER/asound.conf PROGRAM. PLUGIN is
# libasound_module_pcm_paced.so; pcm_paced.c tells of FOLDER/gone, which unplugs the card.
# KIND: both (default), output (no microphone), none (no card at all), broken (ALSA ends the program that asks).
set -e
folder=$1
plugin=$2
kind=${3:-both}

mkdir -p "$folder"
microphone="rec \"$folder/microphone.raw\""
speaker="play \"$folder/speaker.raw\""
case $kind in
broken)
	: > "$folder/asound.conf"
	exit 0;;
none)
	# PortAudio wants a device in the list, even one that cannot be opened
	microphone=""
	speaker="";;
output)
	microphone="";;
esac
cat > "$folder/asound.conf" <<END
pcm_type.paced { lib "$plugin" }
pcm.null { type null }
pcm.card {
	type paced
	$microphone
	$speaker
	gone "$folder/gone"
	rate 48000
	channels 1
	keep 1
	hint { show on description "card" }
}
pcm.!default { type plug slave.pcm "card" }
ctl.!default { type null }
END
