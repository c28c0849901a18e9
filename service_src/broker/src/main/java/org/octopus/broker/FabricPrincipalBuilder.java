package org.octopus.broker;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.security.sasl.SaslServer;
import org.apache.kafka.common.Configurable;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.security.auth.AuthenticationContext;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.KafkaPrincipalBuilder;
import org.apache.kafka.common.security.auth.KafkaPrincipalSerde;
import org.apache.kafka.common.security.auth.SaslAuthenticationContext;

/**
 * Makes the principal of a connection from what its authentication left, and carries it to the controller in forwarded
 * requests. It runs for every request on its connection's network thread, so it waits for nothing; and, as nothing else
 * does, it tells the connection's gate of the request.
 */
public final class FabricPrincipalBuilder implements KafkaPrincipalBuilder, KafkaPrincipalSerde, Configurable {

    private static final byte VERSION = 1;

    private Set<String> internalListeners = Set.of();

    @Override
    public void configure(Map<String, ?> configs) {
        internalListeners = EnforcementSettings.internalListeners(configs);
    }

    @Override
    public KafkaPrincipal build(AuthenticationContext context) {
        if (context instanceof SaslAuthenticationContext sasl) {
            SaslServer server = sasl.server();
            switch (server.getMechanismName()) {
                case SaslMechanisms.OAUTHBEARER, SaslMechanisms.AWS_MSK_IAM:
                    String property = SaslMechanisms.tokenProperty(server.getMechanismName());
                    if (server.getNegotiatedProperty(property) instanceof VerifiedToken token) {
                        gateOf(sasl).requestArrived(token.identity());
                        return FabricPrincipal.user(token.identity());
                    }
                    break;
                default:
                    // PLAIN, SCRAM: whatever the cluster knows its own by. Only here can somebody become one of them,
                    // never by a name that a client presents.
                    if (internalListeners.contains(sasl.listenerName())) {
                        return FabricPrincipal.internal(server.getAuthorizationID());
                    }
                    break;
            }
        }
        throw new IllegalArgumentException(
                "listener " + context.listenerName() + " authenticates in a way that names no principal here");
    }

    /** Without its gate a connection would go on bringing what its caller has lost the right to. */
    private static ConnectionGate gateOf(SaslAuthenticationContext context) {
        if (context.sslSession().orElse(null) instanceof GatedSslSession session) {
            return session.gate();
        }
        String listener = context.listenerName();
        throw new IllegalArgumentException("listener " + listener
                + " takes tokens and has no gate: it must be SASL_SSL, with listener.name." + listener.toLowerCase(Locale.ROOT) + ".ssl.engine.factory.class="
                + GatedSslEngineFactory.class.getName());
    }

    @Override
    public byte[] serialize(KafkaPrincipal principal) {
        if (!(principal instanceof FabricPrincipal fabric)) {
            throw new SerializationException("not a principal of this fabric");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeBoolean(fabric.isInternal());
            out.writeUTF(fabric.identity().principal());
            out.writeUTF(fabric.identity().accessKeyId());
            out.writeUTF(fabric.identity().kind());
            out.writeLong(fabric.identity().sessionExpiresMs());
        } catch (IOException e) {
            throw new SerializationException("a principal could not be written", e);
        }
        return bytes.toByteArray();
    }

    @Override
    public KafkaPrincipal deserialize(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            byte version = in.readByte();
            if (version != VERSION) {
                throw new SerializationException("a principal of version " + version + " cannot be read here");
            }
            boolean internal = in.readBoolean();
            Identity identity = new Identity(in.readUTF(), in.readUTF(), in.readUTF(), in.readLong());
            return internal ? FabricPrincipal.internal(identity.principal()) : FabricPrincipal.user(identity);
        } catch (IOException e) {
            throw new SerializationException("a principal could not be read", e);
        }
    }
}
