/** requests-oauthlib signs people in. PYTHON_CLIENTS names a Python that has it. */
import { asItStands, doesLines, named, testSignIns } from './sign-ins.ts'

testSignIns(
  'requests-oauthlib',
  (t, settings) => {
    const python = process.env['PYTHON_CLIENTS'] ?? 'python3'
    // oauthlib asks for https otherwise.
    const words = ['OAUTHLIB_INSECURE_TRANSPORT=1', 'NO_PROXY=127.0.0.1', python, 'test/interop/python_sign_ins.py']
    return doesLines(t, 'env', [...words, JSON.stringify(settings)])
  },
  {
    // Its session puts the access token into every request that is not for a token.
    'a public client': [named, undefined, /^Bearer ey/],
    'a confidential client': [asItStands, undefined, /^Bearer ey/],
  },
)
