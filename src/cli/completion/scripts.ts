/**
 * The completion scripts. Each runs `holdfast complete -- <the words before the cursor>`, which prints one candidate with its
 * description per line. If none fits, the shell completes files. The words that the user has typed are passed as arguments and
 * never evaluated.
 */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# holdfast completion for bash
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" word rest
  COMPREPLY=()
  while IFS=$'\\t' read -r word rest; do
    [[ $word == -* && $current != -* ]] && continue
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done < <(holdfast complete -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -o default -F _holdfast holdfast`,

  zsh: `#compdef holdfast
_holdfast() {
  local -a found
  local line
  for line in "\${(@f)$(holdfast complete -- "\${(@)words[2,CURRENT-1]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    [[ $line == -* && $words[CURRENT] != -* ]] && continue
    found+=("\${line%%$'\\t'*}:\${line#*$'\\t'}")
  done
  if (( $#found )); then _describe holdfast found; else _files; fi
}
if [[ $funcstack[1] == _holdfast ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi`,

  fish: `# holdfast completion for fish
function __holdfast_complete
    set -l before (commandline -opc)
    holdfast complete -- $before[2..-1] 2>/dev/null
end
complete -c holdfast -a '(__holdfast_complete)'`,

  powershell: `# holdfast completion for PowerShell
Register-ArgumentCompleter -Native -CommandName holdfast -ScriptBlock {
  param($current, $ast, $cursor)
  $before = @($ast.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
  holdfast complete -- @before 2>$null | ForEach-Object {
    $word, $description = $_ -split "\`t", 2
    if ($word -like "$current*" -and ($current -like '-*' -or $word -notlike '-*')) {
      if (-not $description) { $description = $word }
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $description)
    }
  }
}`,
};
