package com.example.api;

import io.smallrye.config.inject.ConfigExtension;
import io.smallrye.jwt.auth.principal.DefaultJWTParser;
import io.smallrye.jwt.auth.principal.JWTAuthContextInfo;
import io.smallrye.jwt.auth.principal.JWTParser;
import io.smallrye.jwt.auth.principal.ParseException;
import io.smallrye.jwt.config.JWTAuthContextInfoProvider;
import jakarta.enterprise.inject.se.SeContainer;
import jakarta.enterprise.inject.se.SeContainerInitializer;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.microprofile.jwt.JsonWebToken;

/**
 * What SmallRye JWT says to a token with the properties in META-INF/microprofile-config.properties on its class path. Each line of
 * standard input is a token, and is answered with a line: {"sub": …, "groups": …}, or {"refused": …}.
 */
public class SmallRyeResource {
    private static JsonObject answer(JWTParser parser, String token) {
        try {
            JsonWebToken good = parser.parse(token);
            return Json.createObjectBuilder().add("sub", good.getName()).add("groups", Json.createArrayBuilder(good.getGroups())).build();
        } catch (ParseException error) {
            return Json.createObjectBuilder().add("refused", String.valueOf(error.getCause())).build();
        }
    }

    public static void main(String[] words) throws IOException {
        Logger.getLogger("").setLevel(Level.WARNING);
        try (SeContainer container = SeContainerInitializer.newInstance().disableDiscovery().addExtensions(ConfigExtension.class).addBeanClasses(JWTAuthContextInfoProvider.class).initialize()) {
            JWTParser parser = new DefaultJWTParser(container.select(JWTAuthContextInfo.class).get());
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) System.out.println(answer(parser, line));
        }
    }
}
