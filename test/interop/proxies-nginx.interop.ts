/** nginx of Debian 12 with njs asks Signet about each token. DEBIAN_12 names the folder. */
import { type Test, test } from 'tap'
import { byTest, secret } from '../support/serve.ts'
import { placed } from './integration-pages.ts'
import { assertLetsInOnlyGoodTokens, onPage, withProxy } from './proxies.ts'

/** Of its own, as it writes no file elsewhere and stays in the foreground. */
const around = (folder: string): string =>
  ['daemon off', 'user root', 'error_log stderr', `pid ${folder}/pid`].map(line => `${line};\n`).join('')
const inHttp = (folder: string): string =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};\n`).join('')

async function withNginx(t: Test) {
  const proxy = await withProxy(t)
  const { debian, signet, own, service, authorityFile } = proxy
  debian.write('njs/signet.js', onPage('/etc/nginx/njs/signet.js'))
  const credentials = Buffer.from(`api-gateway:${secret}`).toString('base64')
  const values = {
    '/etc/nginx/signet-credentials.conf': debian.write(
      'credentials.conf',
      placed(onPage('/etc/nginx/signet-credentials.conf'), { 'CREDENTIALS-IN-BASE64': credentials }),
    ),
    'http {': `http {\naccess_log off;\n${inHttp(debian.folder)}`,
    '/etc/nginx/njs/': `${debian.folder}/njs/`,
    'login.example.com:443': `127.0.0.1:${new URL(signet.service.issuer).port}`,
    'login.example.com': 'localhost',
    'listen 8000': `listen ${own}`,
    '127.0.0.1:8080': service,
    '/etc/ssl/certs/ca-certificates.crt': authorityFile,
  }
  const text = around(debian.folder) + placed(onPage('/etc/nginx/nginx.conf'), values)
  debian.start('nginx', ['-c', debian.write('nginx.conf', text)])
  await proxy.isThere()
  return proxy
}

test('nginx lets in who has a good token', async t => {
  await assertLetsInOnlyGoodTokens(t, await withNginx(t))
})

test('nginx refuses a token at once when its user was disabled, or its key was revoked', async t => {
  const { signet, statusOf } = await withNginx(t)
  const good = await signet.token()
  await signet.rotate()
  t.equal(await statusOf(good), 200)
  t.equal(await statusOf(await signet.token()), 200)
  const stolen = await signet.token()
  await signet.revokeActive()
  t.equal(await statusOf(stolen), 401)
  t.equal(await statusOf(good), 200)
  await signet.service.users.setStatus('alice', 'disabled', byTest)
  t.equal(await statusOf(good), 401)
})

test('nginx lets nobody in when Signet gives no answer, or when nobody could check one', async t => {
  const { signet, statusOf } = await withNginx(t)
  const good = await signet.token()
  await signet.service.clients.setStatus('api-gateway', 'disabled', byTest)
  t.equal(await statusOf(good), 503, 'its credentials are refused')
  await signet.service.clients.setStatus('api-gateway', 'active', byTest)
  t.equal(await statusOf(good), 200)
  await signet.service.stop()
  t.equal(await statusOf(good), 503, 'Signet is away')
})

test('nginx with auth_request to introspection, and nothing that reads the answer, lets everybody in', async t => {
  const proxy = await withProxy(t)
  const { debian, own, service, signet, statusOf } = proxy
  const credentials = Buffer.from(`api-gateway:${secret}`).toString('base64')
  const text = `${around(debian.folder)}events {}
    http {
      access_log off;\n${inHttp(debian.folder)}
      server {
        listen ${own};
        location / { auth_request /ask; proxy_pass http://${service}; }
        location = /ask {
          internal;
          proxy_pass ${signet.service.issuer}/oauth/introspect;
          proxy_method POST;
          proxy_set_header Authorization "Basic ${credentials}";
          proxy_set_header Content-Type application/x-www-form-urlencoded;
          proxy_set_body "token=$http_authorization";
        }
      }
    }`
  debian.start('nginx', ['-c', debian.write('nginx.conf', text)])
  await proxy.isThere()
  t.equal(await statusOf('garbage'), 200)
})
