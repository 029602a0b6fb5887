# fish completion for offhook(1)

# The words that may stand behind the beginning $argv of a command.
function __offhook_words
	switch "$argv"
# table fish-words: made by make update-tables
		case ''
			string split ' ' 'account answer bind dial dnd dtmf echo exchange forward hangup help history hold hook import keys list-commands macro mute notice quit redial reject resume select set sleep source toggle trace unbind view volume wait'
		case 'account'
			string split ' ' 'add edit remove register unregister default'
		case 'bind'
			string split ' ' 'prompt calls notices help accounts trace ringing talking failed global'
		case 'dnd'
			string split ' ' 'on off toggle'
		case 'exchange'
			string split ' ' 'on off'
		case 'forward'
			string split ' ' 'off'
		case 'help'
			string split ' ' 'account answer bind dial dnd dtmf echo exchange forward hangup help history hold hook import keys list-commands macro mute notice quit redial reject resume select set sleep source toggle trace unbind view volume wait'
		case 'history'
			string split ' ' 'export'
		case 'hold'
			string split ' ' 'toggle'
		case 'hook'
			string split ' ' 'call device dtmf macro media mwi notice outcome ready redial registration tone'
		case 'import'
			string split ' ' 'baresip'
		case 'macro'
			string split ' ' 'define record stop play edit save'
		case 'mute'
			string split ' ' 'on off toggle'
		case 'notice'
			string split ' ' 'next prev dismiss open edit password codecs save contact'
		case 'redial'
			string split ' ' 'now auto toggle cancel'
		case 'select'
			string split ' ' 'next prev'
		case 'set'
			string split ' ' 'answer-unknown-users audio-input audio-output block-anonymous codecs compact-headers dial-timeout dnd-response expired-response max-calls meters notify redial redirect ring-timeout rtp-ports sip-listen strict-content-length tone-country tone-not-found tone-seconds volume'
		case 'toggle'
			string split ' ' 'answer-unknown-users audio-input audio-output block-anonymous codecs compact-headers dial-timeout dnd-response expired-response max-calls meters notify redial redirect ring-timeout rtp-ports sip-listen strict-content-length tone-country tone-not-found tone-seconds volume'
		case 'trace'
			string split ' ' 'save'
		case 'unbind'
			string split ' ' 'prompt calls notices help accounts trace ringing talking failed global'
		case 'view'
			string split ' ' 'calls help accounts trace next quit dial prompt'
		case 'wait'
			string split ' ' 'registered ringing established closed idle outcome dtmf incoming'
		case 'set answer-unknown-users'
			string split ' ' 'yes no'
		case 'set block-anonymous'
			string split ' ' 'yes no'
		case 'set compact-headers'
			string split ' ' 'yes no'
		case 'set dnd-response'
			string split ' ' '480 486 603'
		case 'set expired-response'
			string split ' ' '408 487'
		case 'set meters'
			string split ' ' 'yes no'
		case 'set notify'
			string split ' ' 'none bell osc9 osc777'
		case 'set redial'
			string split ' ' 'ask auto never'
		case 'set redirect'
			string split ' ' 'ask follow never'
		case 'set strict-content-length'
			string split ' ' 'yes no'
		case 'set tone-country'
			string split ' ' 'locale au de es etsi fr gb it jp uk us'
		case 'set tone-not-found'
			string split ' ' 'reorder sit'
# end of table
	end
end

# The words of a command in one argument: 'dial echo ; wait established'.
function __offhook_line
	set -l all (string replace -r '^--[a-z]+=' '' -- (commandline -ct) | string replace -r '^[\'"]' '')
	set -l line (string replace -r '^.* ; ' '' -- "$all")
	set -l head (string replace -r '[^ ]*$' '' -- "$all")
	set -l before (string replace -r ' ?[^ ]*$' '' -- "$line")
	for word in (__offhook_words "$before")
		echo "$head$word"
	end
end

# Where -r stands among the words before the cursor.
function __offhook_rest_at
	contains -i -- -r (commandline -opc); or contains -i -- --remote (commandline -opc)
end

function __offhook_in_rest
	__offhook_rest_at >/dev/null
end

# The words of a command, each an argument.
function __offhook_rest
	set -l words (commandline -opc)
	set -l at (__offhook_rest_at); or set -l at (count $words)
	set -e words[1..$at]
	__offhook_words "$words"
end

function __offhook_profiles
	set -l config $XDG_CONFIG_HOME
	set -l state $XDG_STATE_HOME
	test -n "$config"; or set config ~/.config
	test -n "$state"; or set state ~/.local/state
	for folder in $config/offhook/*/ $state/offhook/*/
		string replace -r '^.*/([^/]+)/$' '$1' -- $folder | string match -v -r '^(contacts\.d|themes)$'
	end
end

function __offhook_drivers
	printf '%s\n' portaudio null
	for file in (__fish_complete_path (string replace -r '^.*file:' '' -- (commandline -ct)) | string replace -r '\t.*' '')
		echo "file:$file"
	end
end

complete -c offhook -f
complete -c offhook -n __offhook_in_rest -a '(__offhook_rest)'
# table fish-options: made by make update-tables
complete -c offhook -n 'not __offhook_in_rest' -s c -l config -r -F -d 'read FILE instead of your rc file; none = built-in defaults only'
complete -c offhook -n 'not __offhook_in_rest' -s p -l profile -x -a '(__offhook_profiles)' -d 'use folders of its own under that name'
complete -c offhook -n 'not __offhook_in_rest' -s e -l exec -x -a '(__offhook_line)' -d 'run COMMAND once the phone is ready (may be repeated)'
complete -c offhook -n 'not __offhook_in_rest' -s k -l keys -x -d 'type KEYS once the screen is up'
complete -c offhook -n 'not __offhook_in_rest' -s d -l demo -d 'bring a test exchange along; needs no account and no server'
complete -c offhook -n 'not __offhook_in_rest' -l headless -d 'no screen: events as JSON on standard output, commands on standard input'
complete -c offhook -n 'not __offhook_in_rest' -l plain -d 'no screen: events as sentences, commands typed; for screen readers and simple terminals'
complete -c offhook -n 'not __offhook_in_rest' -l audio -x -a '(__offhook_drivers)' -d 'sound driver: portaudio (default), null, or file:IN.wav,OUT.wav'
complete -c offhook -n 'not __offhook_in_rest' -s r -l remote -x -a '(__offhook_rest)' -d 'send COMMAND to the offhook that runs, and print its result; the last option'
complete -c offhook -n 'not __offhook_in_rest' -l log -r -F -d 'write a log'
complete -c offhook -n 'not __offhook_in_rest' -s v -l verbose -d 'log more'
complete -c offhook -n 'not __offhook_in_rest' -s h -l help -d 'show this help'
complete -c offhook -n 'not __offhook_in_rest' -s V -l version -d 'show the version, and those of the libraries'
# end of table
