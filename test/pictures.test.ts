/** The pictures of the README: what can be drawn without a browser is what the scripts draw. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { overview } from '../scripts/pictures/overview.ts'
import { terminal } from '../scripts/pictures/terminal.ts'

t.test('the overview is what npm run pictures draws', async t => {
  t.equal(readFileSync(new URL('../docs/pictures/overview.svg', import.meta.url), 'utf8'), overview())
})

t.test('a terminal keeps colours and spaces, and no text becomes an element', async t => {
  const printed = '\x1b[31mFAILED\x1b[39m  a <b> & c\n  plain\n'
  const picture = terminal('title', [{ command: 'signet audit list', printed }])
  t.match(picture, /<tspan class="s31">FAILED<\/tspan> {2}a &lt;b&gt; &amp; c<\/text>/)
  t.match(picture, /> {2}plain<\/text>/)
  t.match(picture, />\$ signet audit list<\/text>/)
})

t.test('what does not fit a terminal of 80 columns is no picture of one', async t => {
  t.doesNotThrow(() => terminal('title', [{ command: 'x', printed: `\x1b[1m${'x'.repeat(80)}\x1b[22m` }]))
  t.throws(() => terminal('title', [{ command: 'x', printed: 'x'.repeat(81) }]), /80 columns/)
})
