import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.keycloak.common.crypto.CryptoIntegration;
import org.keycloak.credential.CredentialModel;
import org.keycloak.credential.hash.PasswordHashProvider;
import org.keycloak.credential.hash.Pbkdf2PasswordHashProvider;
import org.keycloak.credential.hash.Pbkdf2PasswordHashProviderFactory;
import org.keycloak.credential.hash.Pbkdf2Sha256PasswordHashProviderFactory;
import org.keycloak.credential.hash.Pbkdf2Sha512PasswordHashProviderFactory;
import org.keycloak.crypto.hash.Argon2PasswordHashProvider;
import org.keycloak.models.credential.PasswordCredentialModel;
import org.keycloak.models.utils.ModelToRepresentation;
import org.keycloak.util.JsonSerialization;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder.BCryptVersion;
import org.springframework.security.crypto.password.DelegatingPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.crypto.password.Pbkdf2PasswordEncoder;
import org.springframework.security.crypto.scrypt.SCryptPasswordEncoder;

/**
 * Hashes as Spring Security and Keycloak write them; the argument is which. Reads {"name of a password": "password", …} and prints for each
 * form and password a line {"form", "password", "hash"}. What is refused has no line. The first
 * password costs what the default is, the others little where that can be. Keycloak's are credentials as its export has them.
 */
public class ImportJava {
    private static final ObjectMapper JSON = new ObjectMapper();

    private interface Makes {
        /** @param isCheap whether it is to cost little, where the form lets it */
        Object hash(String password, boolean isCheap) throws Exception;
    }

    private static Makes delegating(String id, PasswordEncoder encoder) {
        PasswordEncoder delegating = new DelegatingPasswordEncoder(id, Map.of(id, encoder));
        return (password, isCheap) -> delegating.encode(password);
    }

    private static Map<String, Makes> spring() {
        Map<String, Makes> forms = new LinkedHashMap<>();
        forms.put("bcrypt", delegating("bcrypt", new BCryptPasswordEncoder()));
        PasswordEncoder bare = new BCryptPasswordEncoder(BCryptVersion.$2Y, 4);
        forms.put("bare bcrypt", (password, isCheap) -> bare.encode(password));
        forms.put("pbkdf2 5.8", delegating("pbkdf2@SpringSecurity_v5_8", Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_8()));
        forms.put("pbkdf2 5.5", delegating("pbkdf2", Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_5()));
        Pbkdf2PasswordEncoder base64 = Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_8();
        base64.setEncodeHashAsBase64(true);
        forms.put("pbkdf2 5.8, base64", delegating("pbkdf2@SpringSecurity_v5_8", base64));
        forms.put("scrypt 5.8", delegating("scrypt@SpringSecurity_v5_8", SCryptPasswordEncoder.defaultsForSpringSecurity_v5_8()));
        forms.put("scrypt 4.1", delegating("scrypt", SCryptPasswordEncoder.defaultsForSpringSecurity_v4_1()));
        forms.put("argon2 5.8", delegating("argon2@SpringSecurity_v5_8", Argon2PasswordEncoder.defaultsForSpringSecurity_v5_8()));
        forms.put("argon2 5.2", delegating("argon2", Argon2PasswordEncoder.defaultsForSpringSecurity_v5_2()));
        return forms;
    }

    /** Without iterations the provider takes its own. */
    private static Makes exported(PasswordHashProvider provider, int fewIterations) {
        return (password, isCheap) -> {
            PasswordCredentialModel made = provider.encodedCredential(password, isCheap ? fewIterations : -1);
            CredentialModel stored = new CredentialModel();
            stored.setId("c28c13eb-d8ae-486c-bf99-c03f9cb9a82c");
            stored.setType(made.getType());
            stored.setCreatedDate(made.getCreatedDate());
            stored.setSecretData(made.getSecretData());
            stored.setCredentialData(made.getCredentialData());
            return JSON.readTree(JsonSerialization.writeValueAsString(ModelToRepresentation.toRepresentation(stored)));
        };
    }

    private static Makes pbkdf2(String id, String algorithm, int iterations) {
        return exported(new Pbkdf2PasswordHashProvider(id, algorithm, iterations, 0), 1000);
    }

    private static Map<String, Makes> keycloak() {
        CryptoIntegration.init(ImportJava.class.getClassLoader());
        Map<String, Makes> forms = new LinkedHashMap<>();
        forms.put("argon2", exported(new Argon2PasswordHashProvider("1.3", "id", 32, 7168, 5, 1, new Semaphore(1)), 1));
        forms.put("argon2, others", exported(new Argon2PasswordHashProvider("1.0", "i", 24, 1024, 3, 2, new Semaphore(1)), 1));
        forms.put("pbkdf2-sha512", pbkdf2(Pbkdf2Sha512PasswordHashProviderFactory.ID, Pbkdf2Sha512PasswordHashProviderFactory.PBKDF2_ALGORITHM, Pbkdf2Sha512PasswordHashProviderFactory.DEFAULT_ITERATIONS));
        forms.put("pbkdf2-sha256", pbkdf2(Pbkdf2Sha256PasswordHashProviderFactory.ID, Pbkdf2Sha256PasswordHashProviderFactory.PBKDF2_ALGORITHM, Pbkdf2Sha256PasswordHashProviderFactory.DEFAULT_ITERATIONS));
        forms.put("pbkdf2", pbkdf2(Pbkdf2PasswordHashProviderFactory.ID, Pbkdf2PasswordHashProviderFactory.PBKDF2_ALGORITHM, Pbkdf2PasswordHashProviderFactory.DEFAULT_ITERATIONS));
        return forms;
    }

    public static void main(String[] words) throws Exception {
        if (words[0].equals("--version")) return;
        String library = words[0];
        Map<String, Makes> forms = library.equals("spring") ? spring() : keycloak();
        boolean isCheap = false;
        for (var password : JSON.readTree(System.in).properties()) {
            for (var form : forms.entrySet())
                try {
                    Object hash = form.getValue().hash(password.getValue().asText(), isCheap);
                    System.out.println(JSON.writeValueAsString(Map.of("form", library + " " + form.getKey(), "password", password.getKey(), "hash", hash)));
                } catch (IllegalArgumentException error) {
                    // bcrypt refuses more than 72 bytes.
                    System.err.println(form.getKey() + ": " + password.getKey() + ": " + error.getMessage());
                }
            isCheap = true;
        }
    }
}
