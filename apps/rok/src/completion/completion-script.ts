/** The scripts that make a shell ask `rok __complete`. Pure. */

export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bash;
    case "zsh":
      return zsh;
    case "fish":
      return fish;
  }
}

/**
 * Bash cuts words at `:` and `=`; the script puts them together again by where the blanks are, and
 * gives back only what stands after the last such character.
 */
const bash = String.raw`# bash completion of rok; load it with: source <(rok completion bash)
_rok_complete() {
  local words=() rest=$COMP_LINE index word lead current cut="" line
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    lead=\${rest%%[![:space:]]*}
    rest=\${rest:$((\${#lead} + \${#word}))}
    if [[ -n $lead || \${#words[@]} -eq 0 ]]; then
      words+=("$word")
    else
      words[\${#words[@]} - 1]+=$word
    fi
  done
  current=\${words[\${#words[@]} - 1]}
  if [[ $current == *[:=]* ]]; then cut=\${current%"\${current##*[:=]}"}; fi
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        local action=-f
        if [[ $line == :folders ]]; then action=-d; fi
        while IFS= read -r word; do COMPREPLY+=("$word"); done \
          < <(compgen "$action" -- "\${current#"$cut"}")
        ;;
      *)
        word=\${line%%$'\t'*}
        if [[ $word == *= ]]; then compopt -o nospace 2>/dev/null; fi
        COMPREPLY+=("\${word#"$cut"}")
        ;;
    esac
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _rok_complete rok
`.replaceAll("\\${", "${");

const zsh = String.raw`#compdef rok
# zsh completion of rok; load it with: source <(rok completion zsh)
_rok() {
  local -a lines found
  local line
  lines=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    case $line in
      :files) _files; return ;;
      :folders) _files -/; return ;;
      '') ;;
      *) found+=("\${\${line%%$'\t'*}//:/\\:}:\${line#*$'\t'}") ;;
    esac
  done
  _describe rok found
}
if [[ $funcstack[1] == _rok ]]; then _rok "$@"; else compdef _rok rok; fi
`.replaceAll("\\${", "${");

const fish = String.raw`# fish completion of rok; load it with: rok completion fish | source
function __rok_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test -z "$current"; and set current ""
    for line in ($words[1] __complete -- $words[2..] $current 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c rok -f -a '(__rok_complete)'
`;
