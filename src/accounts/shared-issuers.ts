/**
 * Issuers of which everybody has tokens: a condition must say whose token it is to be. A branch, an environment or a name that somebody
 * chose would admit the whole world.
 */
import { type Condition, SUBJECT } from '../records/client-trust.ts'
import type { IssuerSettings } from '../records/trusted-issuer.ts'

/** By their URL, the claims that name an owner. */
const ownersAt: Readonly<Record<string, readonly string[]>> = {
  'https://token.actions.githubusercontent.com': [SUBJECT, 'repository_id', 'repository_owner_id'],
  'https://gitlab.com': [SUBJECT, 'project_id', 'namespace_id', 'job_project_id'],
  'https://accounts.google.com': [SUBJECT],
  'https://agent.buildkite.com': ['organization_id', 'pipeline_id'],
  'https://oidc.vercel.com': ['owner_id', 'project_id'],
  'https://app.terraform.io': ['terraform_organization_id', 'terraform_workspace_id'],
}

const allOwners: readonly string[] = [...new Set(Object.values(ownersAt).flat())]

export const isKnownToBeShared = (url: string | null): boolean => url !== null && Object.hasOwn(ownersAt, url)

/** What is wrong with a trust of which no condition names an owner. */
export function ownerProblem(
  { url, isShared }: Pick<IssuerSettings, 'url' | 'isShared'>,
  conditions: readonly Condition[],
): string | undefined {
  const known = isKnownToBeShared(url) ? ownersAt[url ?? ''] : undefined
  const owners = known ?? (isShared ? allOwners : undefined)
  if (owners === undefined || conditions.some(({ name }) => owners.includes(name))) return undefined
  return `Many have tokens of this issuer: one condition must say whose it is. It is on one of ${owners.join(', ')}.`
}
