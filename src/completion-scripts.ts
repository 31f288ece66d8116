// All knowledge is in `ovsd __complete`; the scripts only hand over the words and offer what comes back.
const BASH = `# bash completion of ovsd; install as /usr/share/bash-completion/completions/ovsd
_ovsd() {
    local words IFS=$'\\n'
    # Words as typed: bash itself would cut --option=value and IPv6 addresses at = and :.
    local line=\${COMP_LINE:0:COMP_POINT}
    IFS=' ' read -r -a words <<< "$line"
    [[ $line == *' ' ]] && words+=('')
    local current=\${words[\${#words[@]}-1]}
    mapfile -t COMPREPLY < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
    # What stands before the last = or : is on the line already.
    local cut=\${current%"\${current##*[=:]}"}
    COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
    [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _ovsd ovsd
`

const ZSH = `#compdef ovsd
# zsh completion of ovsd; install as _ovsd in a folder of $fpath
_ovsd() {
    local -a found
    found=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(\${found:#})
    local -a open=(\${(M)found:#*=}) closed=(\${found:#*=})
    (( \${#open} )) && compadd -S '' -- $open
    (( \${#closed} )) && compadd -- $closed
}
if [ "$funcstack[1]" = "_ovsd" ]; then _ovsd "$@"; else compdef _ovsd ovsd; fi
`

const FISH = `# fish completion of ovsd; install as /etc/fish/completions/ovsd.fish
function __ovsd_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c ovsd -f -a '(__ovsd_complete)'
`

/** The completion script of a shell. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish'): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell]
}
