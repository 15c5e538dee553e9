#!/usr/bin/env bash
# completion_test.sh FOLDER: the completion scripts in FOLDER, each asked in its own shell what may follow some commands.
set -euo pipefail
scripts=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir srcfolder
touch "srcfile one"
failed=0

# What each shell offers for the words given, one a line, sorted. An empty last word asks for all.
ask_bash() {
  bash --norc -c '
    source "$1/codi"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _codi
    if ((${#COMPREPLY[@]})); then printf "%s\n" "${COMPREPLY[@]}"; fi' asked "$scripts" "$@"
}
# Stand-ins for the functions of zsh that need its line editor tell what they were given.
ask_zsh() {
  zsh -f -c '
    scripts=$1; shift
    words=("$@"); CURRENT=$#; PREFIX=${words[CURRENT]}
    compdef() { : }
    compset() { PREFIX=${PREFIX#*=} }
    compadd() { shift; print -l -- ${(M)@:#$PREFIX*} }
    _files() { print -l -- $PREFIX*(N) }
    _describe() { [[ $1 == -o ]] && shift; local -a all; all=("${(@P)2}"); print -l -- ${(M)${(@)all%%:*}:#$PREFIX*} }
    source $scripts/_codi
    _codi' asked "$scripts" "$@"
}
ask_fish() {
  # shellcheck disable=SC2016 # fish expands it
  fish --no-config -c 'source $argv[1]/codi.fish; complete -C (string join " " -- (string escape -- $argv[2..-2]) $argv[-1])' \
    "$scripts" "$@" | cut -f1
}

# expect "OFFERED..." WORD...: every shell offers these for the words; a slash behind a folder is its own business.
expect() {
  local wanted=$1 shell offered
  shift
  for shell in bash zsh fish; do
    offered=$("ask_$shell" "$@" | sed 's|/$||; s|\\ | |g' | sed '/^$/d' | sort -u | paste -sd, -)
    if [[ $offered != "$wanted" ]]; then
      echo "$shell: after '$*' it offers '$offered' and not '$wanted'"
      failed=1
    fi
  done
}

expect "claim,claims" codi cla
expect "end,heartbeat,list,show,start" codi session ""
expect "start" codi session st
expect ticket,tickets,timeline codi --json ti
expect ticket,tickets,timeline codi --project claim ti
expect "--reason" codi claim --rea
expect "--server,--session" codi whoami --se
expect "exclusive,shared" codi claim --mode ""
expect "exclusive" codi claim x.rs --mode e
expect "active,suspended" codi user update --state ""
expect "" codi claim --reason ""
expect "" codi claim x.rs sho
expect "answer-release,force,mode,mv,renew,request-release,show,srcfile one,srcfolder,transfer" codi claim ""
expect "srcfile one,srcfolder" codi claim --mode exclusive sr
expect "srcfile one,srcfolder" codi timeline --path ""
expect "srcfile one,srcfolder" codi restore ""
expect "bash,fish,zsh" codi completion ""
expect "--log-level" codi serve --log
expect "debug" codi serve --listen :0 --log-level d
expect "srcfile one,srcfolder" codi serve --config s

# A value behind an equals sign: bash gives it as words of its own, the others as one.
[[ $(ask_bash codi claim --mode = sh) == shared ]] || { echo "bash: no value behind ="; failed=1; }
[[ $(ask_bash codi claim --mode = "") == $'exclusive\nshared' ]] || { echo "bash: no values behind ="; failed=1; }
[[ $(ask_zsh codi claim --mode=sh) == shared ]] || { echo "zsh: no value behind ="; failed=1; }
[[ $(ask_fish codi claim --mode=sh) == --mode=shared ]] || { echo "fish: no value behind ="; failed=1; }

# As zsh loads it by itself: through compinit, on a terminal.
mkdir autoload
cp "$scripts/_codi" autoload/
cat >terminal.zsh <<'END'
zmodload zsh/zpty
zpty shell TERM=dumb PS1= zsh -f -i
zpty -w shell "fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; print rea''dy"
zpty -r shell text '*ready*'
zpty -w -n shell $'codi claim --mo\tsh\t'
zpty -r shell text '*--mode*shared*'
print -r -- $text
END
typed=$(timeout 120 zsh -f terminal.zsh "$folder/autoload" || true)
[[ $typed == *--mode*shared* ]] || { echo "zsh: nothing is completed on a terminal: $typed"; failed=1; }
exit $failed
