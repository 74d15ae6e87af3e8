/** A permission is a scope-token of RFC 6749 §3.3. `*` is kept for clients, where it means whatever the user has. */
export const permissionProblem = (permission: string): string | undefined =>
  /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/.test(permission) && permission !== '*'
    ? undefined
    : 'A permission has 1 to 128 printable ASCII characters without space, quote and backslash, and is not *; for example posts:write.'
