# fish completion of ovsd; install as /etc/fish/completions/ovsd.fish
function __ovsd_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c ovsd -f -a '(__ovsd_complete)'
