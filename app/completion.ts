/** Shell completion: small scripts that ask the program itself what may come next. */
import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script to load in a shell: `source <(arbdata completion bash)`. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return `_arbdata() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(arbdata __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -eq 0 ] && compopt -o default
}
complete -F _arbdata arbdata
`;
    case 'zsh':
      return `#compdef arbdata
_arbdata() {
  local -a candidates
  candidates=("\${(@f)$(arbdata __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [ -n "$candidates" ]; then compadd -- $candidates; else _files; fi
}
compdef _arbdata arbdata
`;
    case 'fish':
      return `complete -c arbdata -f -a '(set -l words (commandline -opc) (commandline -ct); arbdata __complete $words[2..-1] 2>/dev/null)'
`;
    default:
      return shell satisfies never;
  }
}

/**
 * What may stand in place of the last word: commands, options not yet given, or the choices of an option or argument.
 * @param words the words after `arbdata`; the last one is being typed and may be empty
 */
export function candidates(program: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  let command = program;
  for (const word of before) {
    command = command.commands.find((one) => one.name() === word) ?? command;
  }
  const last = before.at(-1) ?? '';
  const options = [...command.options, ...program.options];
  const open = options.find((option) => option.long === last && (option.required || option.optional));
  const offered =
    open === undefined
      ? [
          ...command.commands.map((one) => one.name()).filter((name) => !name.startsWith('__')),
          ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
          ...options.flatMap(({ long }) => (long === undefined || before.includes(long) ? [] : [long])),
          '--help',
        ]
      : (open.argChoices ?? []);
  return [...new Set(offered)].filter((word) => word.startsWith(typed));
}
