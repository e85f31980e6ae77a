# Completion of bashgah in bash: commands, then each command's own options as --help says them.
_bashgah() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i command=
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C | --lang | --passphrase-fd) i=$((i + 1)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	case $before in
	-C) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
	--lang | --card-lang) mapfile -t COMPREPLY < <(compgen -W "fa en" -- "$word") && return ;;
	--printer) mapfile -t COMPREPLY < <(compgen -W "file: $(lpstat -e 2>/dev/null)" -- "$word") && return ;;
	--tier) mapfile -t COMPREPLY < <(compgen -W "basic bronze silver gold vip" -- "$word") && return ;;
	--unit) mapfile -t COMPREPLY < <(compgen -W "toman rial" -- "$word") && return ;;
	--reader) mapfile -t COMPREPLY < <(compgen -W "none sim:desfire-ev1" -- "$word") && return ;;
	esac
	if [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W "-C --lang --json --help --version
			init doctor readers printers member issue print prints stock bind design load show resign club keys lists hot
			clock portal sim backup restore audit head review" -- "$word")
	elif [ "$command" = member ] && [ "$before" = member ]; then
		mapfile -t COMPREPLY < <(compgen -W "add find show" -- "$word")
	elif [ "$command" = design ] && [ "$before" = design ]; then
		mapfile -t COMPREPLY < <(compgen -W "list check preview" -- "$word")
	elif [ "$command" = keys ] && [ "$before" = keys ]; then
		mapfile -t COMPREPLY < <(compgen -W "show ceremony drill restore join request certify install revoke passphrase" -- "$word")
	elif [ "$command" = lists ] && [ "$before" = lists ]; then
		mapfile -t COMPREPLY < <(compgen -W "show export import renew keep" -- "$word")
	elif [ "$command" = hot ] && [ "$before" = hot ]; then
		mapfile -t COMPREPLY < <(compgen -W "add remove" -- "$word")
	elif [ "$command" = print ] && [ "$before" = print ]; then
		mapfile -t COMPREPLY < <(compgen -W "sheet confirm reject" -- "$word")
	elif [ "$command" = stock ] && [ "$before" = stock ]; then
		mapfile -t COMPREPLY < <(compgen -W "export list void" -- "$word")
	elif [ "$command" = prints ] && [ "$before" = prints ]; then
		mapfile -t COMPREPLY < <(compgen -W "cost --card --state --today --all" -- "$word")
	elif [ "$command" = printers ] && [ "$before" = resume ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(lpstat -e 2>/dev/null)" -- "$word")
	elif [ "$command" = printers ] && [ "$before" = printers ]; then
		mapfile -t COMPREPLY < <(compgen -W "resume test" -- "$word")
	else
		[ "$command" != member ] || command="member add"
		[ "$command" != design ] || command="design ${COMP_WORDS[i + 1]}"
		# shellcheck disable=SC2086
		mapfile -t COMPREPLY < <(compgen -W \
			"$(bashgah --lang en $command --help 2>/dev/null | grep -oE -- '--[a-z-]+' | sort -u)" -- "$word")
	fi
}
complete -o default -F _bashgah bashgah
