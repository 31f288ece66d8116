/**
 * Renames the names that a command gives to rows of its transaction (`--id=@i`, used as `@i`, `interfaces=@i` or in a
 * list), so that `tag` keeps them apart from those of other commands. Everything else stays: only what the command
 * itself declares is such a name, and a quoted string is text (ovs-vsctl(8), "Database Values").
 */
export function renameIds(args: readonly string[], tag: string): readonly string[] {
  const declared = new Set(args.map((argument) => /^--id=@(.+)$/.exec(argument)?.[1]))
  return args.map((argument) =>
    argument.includes('"')
      ? argument
      : argument.replaceAll(/(?<=^|[=,[\s])@([^\s,\]=]+)/g, (whole, name: string) =>
          declared.has(name) ? `@${tag}_${name}` : whole,
        ),
  )
}
