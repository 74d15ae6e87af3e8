# Hashes as Ruby's bcrypt, has_secure_password and Devise write them; the argument is which. Reads {"name of a password": "password", …} and
# prints for each form and password a line {"form", "password", "hash"}.

require "bcrypt"
require "json"

PEPPER = "a-made-up-pepper-0123456789abcdef"

def has_secure_password(password)
  require "active_model"
  @model ||= Class.new do
    include ActiveModel::SecurePassword
    attr_accessor :password_digest

    has_secure_password validations: false
  end
  user = @model.new
  user.password = password
  user.password_digest
end

def devise(password, pepper)
  require "devise"
  require "devise/encryptor"
  Devise.pepper = pepper
  Devise.stretches = 10
  Devise::Encryptor.digest(Devise, password)
end

LIBRARIES = {
  "bcrypt" => {
    "ruby bcrypt" => ->(password) { BCrypt::Password.create(password).to_s },
    "rails has_secure_password" => method(:has_secure_password),
    "devise" => ->(password) { devise(password, nil) }
  },
  "pepper" => { "devise with a pepper" => ->(password) { devise(password, PEPPER) } }
}.freeze

passwords = JSON.parse($stdin.read)
LIBRARIES.fetch(ARGV[0]).each do |form, make|
  passwords.each { |label, password| puts JSON.generate(form: form, password: label, hash: make.call(password)) }
end
