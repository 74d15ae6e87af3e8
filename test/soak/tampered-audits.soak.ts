/** A thousand tampered audits and more. */
import t from 'tap'
import { areFound } from '../support/tampered-audits.ts'
import { tamperings } from '../support/tampering.ts'
import { tampered } from './settings.ts'

t.test('each audit that was tampered with is found out, and no untouched one is accused', t =>
  areFound(t, Math.ceil(tampered / Object.keys(tamperings).length)),
)
