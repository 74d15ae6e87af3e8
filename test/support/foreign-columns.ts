/** What other systems wrote into several columns or members, as the JSON of them. */
import { composed, wrong } from './foreign-hashes.ts'

const keycloak = (secret: object, credential: object): string =>
  JSON.stringify({
    type: 'password',
    secretData: JSON.stringify({ ...secret, additionalParameters: {} }),
    credentialData: JSON.stringify(credential),
  })

export const firebaseConfig = {
  algorithm: 'SCRYPT',
  base64_signer_key: 'OYf+EikTgP8KQbXO/9zqbyylhwygGLlq+2j3jwQl9GiXVn8NcmrdWaPzCf1E+ZnKqjfU933ZEe4CqFSHwcYyxw==',
  base64_salt_separator: 'Bw==',
  rounds: 8,
  mem_cost: 14,
}
const firebase = (passwordHash: string, salt: string): string =>
  JSON.stringify({ passwordHash, salt, hash_config: firebaseConfig })

const keycloakArgon2 = keycloak(
  { value: 'wPbCnPpmnna9C4AucBE9Ikyx1vaZbnet9Ase7NbMqQY=', salt: '13hVZ6fSFb5Nd65VlNI+KA==' },
  {
    hashIterations: 5,
    algorithm: 'argon2',
    additionalParameters: {
      hashLength: ['32'],
      memory: ['7168'],
      type: ['id'],
      version: ['1.3'],
      parallelism: ['1'],
    },
  },
)
const firebaseOfUsual = firebase(
  'NA-hegmzmeWp9eqtIromPqV8-FuM5pAIU2VO-7-EbiYWLG3XNiajF592sPZRUXKJD4fHnnQ1ZnXk0W3gpwNXbg==',
  'md0V7VrQzW0bcg==',
)

/** Of the usual password, by the form as it is counted. */
export const columnsOfUsual: Readonly<Record<string, readonly string[]>> = {
  'keycloak argon2': [keycloakArgon2],
  'keycloak pbkdf2-sha512': [
    keycloak(
      {
        value: 'QoYTP7rdgLjgvpumSY/Oz/JOvh+Fjp2whj+gVY5jarQEJxkk6eZnqlbNtp/PfcGNN8QHNPGzCYhksUj+SnQVSw==',
        salt: 'TFLzFTqi8l9dHs8vn21I7Q==',
      },
      { hashIterations: 210000, algorithm: 'pbkdf2-sha512', additionalParameters: {} },
    ),
  ],
  'keycloak pbkdf2': [
    keycloak(
      {
        value: 'uq6L372VCyjA1huOhW7qVqCIZQfrYDF3Xp/yMtpzKQlHmGSEBxj534+XSE5W7M8LT0BZBMVbcYJRl/bT+6Hyww==',
        salt: 'xTn1HtnweyWJ0RET/UxojA==',
      },
      { hashIterations: 1300000, algorithm: 'pbkdf2', additionalParameters: {} },
    ),
    keycloak(
      {
        value: '6dnsQvVFa8q5+0BKeOTv0f8eiqy5wAWgBKcH8AozCQegnjqFmaE8Gx6VoYkyirVr5s62WQgZUEYffdhxedppnQ==',
        salt: 'xTn1HtnweyWJ0RET/UxojA==',
      },
      { hashIterations: 1000, algorithm: 'pbkdf2', additionalParameters: {} },
    ),
  ],
  discourse: [
    JSON.stringify({
      password_hash: 'c4467b45c0aa6c5c2ba5bd312f7f4822898fcb52af81f597988cfb62a4c3630b',
      password_salt: 'bfb3e3c59fb34fda33f522d0c28c07b8',
      password_algorithm: '$pbkdf2-sha256$i=600000,l=32$',
    }),
  ],
  'gitea pbkdf2': [
    // gitea
    JSON.stringify({
      passwd: 'aac947ee1d6916ff18aeb098be80030bccaced2bbb676ac6233b9805258338808d6bad7ac131dff1220ee9a6526fde6f6fea',
      salt: '42d6a739aee71378fedc58b5233a50b9',
      passwd_hash_algo: 'pbkdf2$50000$50',
    }),
    // gitea, ten characters of salt
    JSON.stringify({
      passwd: '88c00dff789d662786260a17d35dbc0c9783b0b8061aa572e47bb2989c96088cd974ff14b2a594ee17fe0296a4b1f03b63d5',
      salt: 'abcdefghij',
      passwd_hash_algo: 'pbkdf2',
    }),
    // gitea, no algorithm
    JSON.stringify({
      passwd: '27cc070cc2c3c652c94cbcd86f07d5e352e18d9ae6f2902ccf55fc74b72c23791415a26cbb71eb9d99de7ea94e37611808ad',
      salt: '42d6a739aee71378fedc58b5233a50b9',
      passwd_hash_algo: '',
    }),
    // gitea, alias
    JSON.stringify({
      passwd: 'aac947ee1d6916ff18aeb098be80030bccaced2bbb676ac6233b9805258338808d6bad7ac131dff1220ee9a6526fde6f6fea',
      salt: '42d6a739aee71378fedc58b5233a50b9',
      passwd_hash_algo: 'pbkdf2_v2',
    }),
    // gitea pbkdf2_hi
    JSON.stringify({
      passwd: '99c1c5f5f43a1819489e72910275039045156d28d007ed1a8f9e2139a349e530bc959e56f311f6f648003150e6325186899d',
      salt: '42d6a739aee71378fedc58b5233a50b9',
      passwd_hash_algo: 'pbkdf2$320000$50',
    }),
  ],
  grafana: [
    JSON.stringify({
      password: '556bc2a36437e85f234ce652cc0f0e89d5b4cee3763c393e42cccd2557b9d0248fb7df291781af5fb4414d756a1af1dbeb0f',
      salt: 'Qw3rTy7uIo',
    }),
  ],
  'firebase scrypt': [firebaseOfUsual],
  'gitea argon2': [
    JSON.stringify({
      passwd: '080fb79a00f74b5907cf177457e4e73cd2f0ed0e034de0544f2e1f84311c6ced162251e63bae2d7c42ef30394484c94c94a7',
      salt: '42d6a739aee71378fedc58b5233a50b9',
      passwd_hash_algo: 'argon2$2$65536$8$50',
    }),
  ],
  'gitea scrypt': [
    JSON.stringify({
      passwd: 'ebe26f795e2ab2dd9cc8811c13dcd1f2bd9992d3b1bdd10fc5ce4669779e2d5a174fbfd1d6ae56ad7a92d79824cc8ba278fc',
      salt: '42d6a739aee71378fedc58b5233a50b9',
      passwd_hash_algo: 'scrypt$1024$16$2$50',
    }),
  ],
}

/** A form, a password, whether it is the right one, and the hash. */
export const otherColumns: readonly (readonly [string, string, boolean, string])[] = [
  ['keycloak argon2', wrong, false, keycloakArgon2],
  [
    'firebase scrypt',
    composed,
    true,
    firebase(
      'OkjRr7/Q1iKwX1fCQ2pEi9Vfmnibt41WYYB8mg4E9n4MBjs+zwe9ztjNhPQ5ygwcqkQarVS0sXN1nq0gkKSisA==',
      'rMRxtEH4RaMXpQ==',
    ),
  ],
  ['firebase scrypt', wrong, false, firebaseOfUsual],
]
