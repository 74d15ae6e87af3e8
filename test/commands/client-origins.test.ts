/** Which origins a client may have: those that a browser can send, each of one site, application or extension. */
import t from 'tap'
import { commandLine } from '../support/command-line.ts'

const sites = [
  ...[
    'https://login.example.com',
    'http://localhost',
    'https://localhost:8443',
    'http://127.0.0.1:8080',
    'http://[::1]:8080',
  ],
  ...['http://tauri.localhost', 'https://my_app.example.com', 'https://xn--bcher-kva.example', 'https://example.com.'],
]
const applications = [
  ...[
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://localhost',
    'app://obsidian.md',
    'app://-',
  ],
  ...[
    'wails://wails.localhost:34115',
    'vscode-file://vscode-app',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  ],
  'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
  'safari-web-extension://0504F00C-80EF-4657-A397-2B65004AD0D7',
]

t.test('an origin is one that browsers, their extensions or applications send', async t => {
  const { json } = await commandLine(t)
  const origins = [...sites, ...applications].toSorted()
  await json(['clients', 'add', 'new', ...origins.flatMap(origin => ['--origin', origin])])
  t.strictSame((await json(['clients', 'show', 'new'])).origins, origins)
})

t.test('what no browser sends is no origin, when added or later', async t => {
  const { json, refuses } = await commandLine(t)
  await json(['clients', 'add', 'there'])
  const before = await json(['clients', 'list'])
  const wildcards = [
    ...['*', 'https://*', 'https://*.example.com', 'https://*:8443', 'http://localhost:*', '*://example.com'],
    ...['capacitor://*', 'chrome-extension://*', '*.example.com', 'https://a*.example.com'],
  ]
  const everybodys = ['null', 'file://', 'file:///', 'file://localhost']
  const others = [
    ...sites.flatMap(origin => [`${origin}/`, `${origin}/page`, `${origin}?a=b`, `${origin}#a`, origin.toUpperCase()]),
    ...applications.slice(0, -1).flatMap(origin => [`${origin}/`, `${origin}?a`, `${origin}#a`, origin.toUpperCase()]),
    ...['https://user@example.com', 'https://user:pass@example.com', 'app://user@localhost', 'CAPACITOR://localhost'],
    ...['https://example.com:443', 'http://example.com:80', 'https://example.com:', 'https://example.com:08443'],
    ...[
      'https://.example.com',
      'https://a..example.com',
      'https://{tenant}.example.com',
      'https://(a)$',
      'https://~a.example',
    ],
    ...['https://%2A.example.com', 'https://bücher.example', 'https://0x7f.1', 'https://[::0001]', 'https:example.com'],
    ...[' ', 'NULL', 'example.com', '//example.com', 'localhost:8080', 'capacitor:', 'capacitor://', 'capacitor://:80'],
    ...[
      'data:text/html,x',
      'blob:https://example.com',
      'about:blank',
      'javascript://a',
      'ws://example.com',
      'ftp://example.com',
    ],
    ...[
      'https://a.example.com https://b.example.com',
      ' https://a.example.com',
      'https://a.example.com\n',
      'app://a\n',
    ],
  ]
  const given: readonly (readonly [readonly string[], RegExp])[] = [
    [wildcards, /^An origin is that of one site, and never has a wildcard: give each of them\.\n$/],
    [everybodys, /^An origin is never null or file: every file and every sandboxed frame, also of strangers, /],
    [others, /^An origin is a scheme, a host and a port that is not the default one, as a browser sends them: /],
  ]
  for (const [origins, says] of given)
    await refuses(
      origins.flatMap(origin => [
        { words: ['clients', 'add', 'new', `--origin=${origin}`], code: 1, says },
        { words: ['clients', 'update', 'there', `--origin=${origin}`], code: 1, says },
      ]),
    )
  t.strictSame(await json(['clients', 'list']), before)
})
