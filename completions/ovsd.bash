# bash completion of ovsd; install as /usr/share/bash-completion/completions/ovsd
_ovsd() {
    local words IFS=$'\n'
    # Words as typed: bash itself would cut --option=value and IPv6 addresses at = and :.
    local line=${COMP_LINE:0:COMP_POINT}
    IFS=' ' read -r -a words <<< "$line"
    [[ $line == *' ' ]] && words+=('')
    local current=${words[${#words[@]}-1]}
    mapfile -t COMPREPLY < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
    # What stands before the last = or : is on the line already.
    local cut=${current%"${current##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _ovsd ovsd
