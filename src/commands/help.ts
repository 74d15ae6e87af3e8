/** How help is written: examples behind it, what is required marked, and nothing wider than the terminal. */
import { type CommandUnknownOpts, Help } from '@commander-js/extra-typings'

const WIDTH = 80

/** What `addHelpText('after', …)` is given: lines of a shell that show how a command is used. */
export const examples = (...lines: readonly string[]): string =>
  ['', 'Examples:', ...lines.map(line => `  ${line.replaceAll('\n', '\n    ')}`)].join('\n')

const help = new Help()

/** How the command is called: `signet users add`. */
export const nameOf = (command: CommandUnknownOpts): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()

const termOf = (argument: { readonly required: boolean; name(): string }): string =>
  argument.required ? `<${argument.name()}>` : `[${argument.name()}]`

interface Screen {
  /** Of a terminal. */
  readonly columns?: number | undefined
}

/**
 * Errors are thrown, not acted on, in every command below this one; help and complaints go to the caller's streams. A complaint ends with
 * where to look.
 */
export function speakTo(
  command: CommandUnknownOpts,
  io: { readonly stdout: Screen & { write(text: string): unknown }; readonly stderr: Screen },
  complain: (text: string) => void,
): void {
  command.exitOverride()
  command.configureOutput({
    writeOut: text => io.stdout.write(text),
    writeErr: text => complain(text.trimEnd()),
    getOutHelpWidth: () => io.stdout.columns ?? WIDTH,
    getErrHelpWidth: () => io.stderr.columns ?? WIDTH,
  })
  command.configureHelp({
    // What follows in the first sentence is for whoever asks for that command.
    subcommandDescription: child => child.description().split(/[;:]/)[0] ?? '',
    subcommandTerm: child => [child.name(), ...child.registeredArguments.map(termOf)].join(' '),
    minWidthToWrap: 20,
    optionDescription: option =>
      option.mandatory ? `${help.optionDescription(option)} (required)` : help.optionDescription(option),
  })
  command.showHelpAfterError(`See ${nameOf(command)} --help`)
  for (const child of command.commands) speakTo(child, io, complain)
}

/** `signet help users add` is `signet users add --help`; of what there is not, it is `signet user`, which says what may be meant. */
export function asOption(program: CommandUnknownOpts, words: readonly string[]): readonly string[] {
  if (words[0] !== 'help') return words
  const path = words.slice(1)
  let command: CommandUnknownOpts | undefined = program
  for (const word of path) command = command?.commands.find(child => child.name() === word)
  return command === undefined ? path : [...path, '--help']
}
