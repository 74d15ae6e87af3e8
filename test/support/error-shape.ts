/** The one shape of every error, on every endpoint of both ports. */
import type { Test } from 'tap'
import type { RawAnswer } from './raw-http.ts'
import type { Answer } from './serve.ts'

/** Checks status, code and shape. @param method a response to HEAD has no body */
export function isError(
  t: Test,
  answer: RawAnswer | Answer,
  [status, error]: readonly [status: number, error: string],
  method = 'GET',
): void {
  const headers: Record<string, string> =
    answer.headers instanceof Headers ? Object.fromEntries(answer.headers) : { ...answer.headers }
  t.equal(answer.status, status)
  t.match(headers, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-type': 'application/json; charset=utf-8',
  })
  t.notOk(headers['server'] ?? headers['x-powered-by'], 'nothing tells what the service is made of')
  if (method === 'HEAD') return void t.equal(answer.text, '')
  const body = JSON.parse(answer.text)
  // Of 422 it is said which member is wrong.
  t.same(Object.keys(body), ['error', 'error_description', ...(status === 422 ? ['errors'] : [])])
  t.match(body, { error, error_description: /^[A-Z].+\.$/ })
  for (const problem of body.errors ?? []) t.match(problem, { field: String, message: /^[A-Z].+\.$/ })
}
