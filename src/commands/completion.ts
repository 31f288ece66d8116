import { completionScript } from '../completion-scripts.ts'
import { Args, Command } from '../oclif.ts'

export default class Completion extends Command {
  static override summary = 'Print the tab completion script of a shell'
  static override description = `Completes commands, options, and the names of bridges, containers and interfaces that exist at that moment.`
  static override examples = [
    'source <(<%= config.bin %> completion bash)',
    '<%= config.bin %> completion bash > /usr/share/bash-completion/completions/ovsd',
    '<%= config.bin %> completion zsh > /usr/local/share/zsh/site-functions/_ovsd',
    '<%= config.bin %> completion fish > /etc/fish/completions/ovsd.fish',
  ]
  static override args = {
    shell: Args.string({
      description: 'shell to print the script for',
      options: ['bash', 'zsh', 'fish'],
      required: true,
    }),
  }

  async run(): Promise<void> {
    const { args } = await this.parse(Completion)
    process.stdout.write(completionScript(args.shell as 'bash' | 'zsh' | 'fish'))
  }
}
