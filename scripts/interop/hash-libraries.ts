/** Libraries that hash passwords: what they write is imported. */
import { inFolder, type Needs, type Program, version } from './program.ts'

const pythonHashes: Program = {
  name: 'Python with Django, Werkzeug, libpass, argon2-cffi and Flask-Bcrypt',
  variable: 'PYTHON_HASHES',
  command: 'python3',
  probe: ['-c', 'import argon2, bcrypt, django, flask_bcrypt, passlib, werkzeug'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install -r test/interop/import-python/requirements.txt',
}
const passlibHashes: Program = {
  name: 'Python with passlib 1.7',
  variable: 'PASSLIB_HASHES',
  command: 'python3',
  probe: ['-c', 'import bcrypt, passlib; assert passlib.__version__.startswith("1.7.")'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install passlib==1.7.4 bcrypt==4.3.0',
}
const importJava: Program = {
  name: 'the program that is built with Spring Security and the password providers of Keycloak',
  variable: 'IMPORT_JAVA',
  command: 'import-java',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const importGo: Program = {
  name: "the program that is built with Go's libraries for passwords",
  variable: 'IMPORT_GO',
  command: 'import-go',
  probe: version,
  install: 'go build -C test/interop/import-go -o PATH, with Go 1.26 or later',
}
const npmHashes: Program = {
  name: "npm's bcrypt, and beside it bcryptjs, argon2, @phc/pbkdf2, firebase-scrypt and two hashers of ASP.NET Identity",
  variable: 'NPM_HASHES',
  command: 'node_modules/bcrypt/bcrypt.js',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}, with --ignore-scripts: bcrypt@6.0.0 bcryptjs@3.0.3 argon2@0.45.1 @phc/pbkdf2@1.1.14 firebase-scrypt@2.2.0 asp-identity-pw@1.1.2 aspnetcore-identity-password-hasher@1.0.1, whose bcrypt.js it is`,
}
const phpHashes: Program = {
  name: "PHP with Symfony's password hasher",
  variable: 'PHP_HASHES',
  command: 'php',
  probe: ['-r', 'require "Symfony/Component/PasswordHasher/autoload.php"; exit(defined("PASSWORD_ARGON2ID") ? 0 : 1);'],
  install: 'apt-get install php-cli php-symfony-password-hasher',
}
const wordpress: Program = {
  name: 'the hashes of a WordPress before 6.8, and PHP',
  variable: 'WORDPRESS',
  command: '/usr/share/wordpress/wp-includes/class-phpass.php',
  runner: 'php',
  probe: [],
  install: 'apt-get install php-cli; of the package wordpress .ci/install-interop FOLDER only unpacks the file',
}
const rubyHashes: Program = {
  name: 'Ruby with bcrypt, has_secure_password and Devise',
  variable: 'RUBY_HASHES',
  command: 'ruby',
  probe: ['-e', 'require "bcrypt"; require "active_model"; require "devise/encryptor"'],
  install: 'apt-get install ruby ruby-bcrypt ruby-activemodel ruby-devise',
}

export const needsOfHashes: Needs = [
  ['import-go', importGo],
  ['import-java', importJava],
  ['import-npm', npmHashes],
  ['import-passlib', passlibHashes],
  ['import-php', phpHashes],
  ['import-python', pythonHashes],
  ['import-ruby', rubyHashes],
  ['import-wordpress', wordpress],
]
