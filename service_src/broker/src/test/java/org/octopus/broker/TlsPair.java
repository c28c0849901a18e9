package org.octopus.broker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.TrustManagerFactory;

/** A server's engine and a client's that have shaken hands, in memory. */
record TlsPair(SSLEngine server, SSLEngine client) {

    private static final char[] PASSWORD = "password".toCharArray();

    /** Makes a pair; the server's engine is what {@code wrapping} makes of Java's own. */
    static TlsPair of(Path folder, UnaryOperator<SSLEngine> wrapping) throws Exception {
        SSLContext context = context(folder);
        SSLEngine server = wrapping.apply(context.createSSLEngine());
        server.setUseClientMode(false);
        SSLEngine client = context.createSSLEngine("localhost", 1);
        client.setUseClientMode(true);
        TlsPair pair = new TlsPair(server, client);
        pair.shakeHands();
        return pair;
    }

    /** What a client gets out of bytes that the server sent. */
    ByteBuffer received(ByteBuffer sent) throws IOException {
        ByteBuffer data = ByteBuffer.allocate(client.getSession().getApplicationBufferSize());
        while (sent.hasRemaining() && !client.isInboundDone()) {
            client.unwrap(sent, data);
        }
        return data.flip();
    }

    private void shakeHands() throws IOException {
        ByteBuffer toClient = ByteBuffer.allocate(64 * 1024);
        ByteBuffer toServer = ByteBuffer.allocate(64 * 1024);
        server.beginHandshake();
        client.beginHandshake();
        // Not until neither wants anything: TLS 1.3 sends tickets after the handshake.
        for (int idle = 0; idle < 2; ) {
            boolean moved = step(client, toServer, toClient) | step(server, toClient, toServer);
            idle = moved ? 0 : idle + 1;
        }
    }

    private static boolean step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws IOException {
        HandshakeStatus status = engine.getHandshakeStatus();
        if (status == HandshakeStatus.NEED_TASK) {
            engine.getDelegatedTask().run();
            return true;
        }
        if (status == HandshakeStatus.NEED_WRAP) {
            return engine.wrap(ByteBuffer.allocate(0), out).bytesProduced() > 0;
        }
        in.flip();
        int consumed = engine.unwrap(in, ByteBuffer.allocate(32 * 1024)).bytesConsumed();
        in.compact();
        return consumed > 0;
    }

    private static SSLContext context(Path folder) throws IOException, GeneralSecurityException, InterruptedException {
        Path file = folder.resolve("keys.p12");
        if (!Files.exists(file)) {
            Process keytool = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                            "-genkeypair", "-keyalg", "EC", "-alias", "server", "-dname", "CN=localhost",
                            "-keystore", file.toString(), "-storetype", "PKCS12",
                            "-storepass", new String(PASSWORD), "-J-XX:-UsePerfData")
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("keytool.log").toFile())
                    .start();
            if (!keytool.waitFor(120, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
                throw new IOException(Files.readString(folder.resolve("keytool.log")));
            }
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD);
        }
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", keys.getCertificate("server"));
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }
}
