import { BE_ROOT, isForbidden, Refused } from '../errors.ts'
import { readTrusted } from '../system/trusted-file.ts'
import { parseYaml, YamlProblem, type YamlNode } from '../system/yaml-file.ts'
import { parsePolicy, policyInvalid } from './parse-policy.ts'
import { DEFAULT_POLICY, NO_POLICY, type Policy } from './policy.ts'

/** Where the policy is when nobody says otherwise. */
export const POLICY_FILE = '/etc/ovsd/policy.yaml'

/**
 * The policy of a setting: of the file that it names, none for `none`; when it is left out, of /etc/ovsd/policy.yaml, or
 * the built-in one if that does not exist. `before` is the policy so far: a file that it came from and that is gone is an
 * error, because a daemon must not fall back to another policy when somebody moves a file.
 * Errors: PolicyUnreadable, PolicyUnsafe, PolicyInvalid.
 */
export async function loadPolicy(
  setting: string | undefined,
  defaultBridge: string,
  before?: Policy,
  usual = POLICY_FILE,
): Promise<Policy> {
  if (setting === 'none') return NO_POLICY
  const mayMiss = setting === undefined && before?.source !== usual
  return (await readIfThere(setting ?? usual, defaultBridge, mayMiss)) ?? DEFAULT_POLICY(defaultBridge)
}

/** Undefined when the file is missing and may be. */
async function readIfThere(path: string, defaultBridge: string, mayMiss: boolean): Promise<Policy | undefined> {
  const read = await readTrusted(path)
  switch (read.kind) {
    case 'missing':
      if (mayMiss) return undefined
      throw new Refused('PolicyUnreadable', `There is no policy file ${path}.`, {
        next: 'Write one (ovsd-policy(5)), or name another with --policy FILE.',
      })
    case 'unreadable':
      throw new Refused('PolicyUnreadable', `The policy file ${path} cannot be read: ${read.why}.`, {
        cause: read.cause,
        next: isForbidden(read.cause) ? BE_ROOT : 'Name a file: --policy FILE',
      })
    case 'unsafe':
      throw new Refused('PolicyUnsafe', `The policy file ${path} is not used: ${read.why}.`, {
        next: `It has to be a regular file of root that nobody else can write: chown root ${path}; chmod go-w ${path}`,
      })
    case 'text':
      return parsePolicy(await parsed(read.text, path), path, defaultBridge)
  }
}

async function parsed(text: string, path: string): Promise<YamlNode | undefined> {
  try {
    return await parseYaml(text)
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error
    throw policyInvalid(path, error.line, error.message, 'For example: bridges: [ovsbr0]')
  }
}
