package org.octopus.broker;

import java.security.Principal;
import java.security.cert.Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;

/**
 * The session of an engine, and the gate of its connection: it is all that Kafka hands to a principal builder of a
 * connection. The engine's own session would not do to carry it, as connections that resume one share it.
 */
final class GatedSslSession implements SSLSession {

    private final SSLEngine engine;
    private final ConnectionGate gate;

    GatedSslSession(SSLEngine engine, ConnectionGate gate) {
        this.engine = engine;
        this.gate = gate;
    }

    ConnectionGate gate() {
        return gate;
    }

    @Override
    public byte[] getId() {
        return engine.getSession().getId();
    }

    @Override
    public SSLSessionContext getSessionContext() {
        return engine.getSession().getSessionContext();
    }

    @Override
    public long getCreationTime() {
        return engine.getSession().getCreationTime();
    }

    @Override
    public long getLastAccessedTime() {
        return engine.getSession().getLastAccessedTime();
    }

    @Override
    public void invalidate() {
        engine.getSession().invalidate();
    }

    @Override
    public boolean isValid() {
        return engine.getSession().isValid();
    }

    @Override
    public void putValue(String name, Object value) {
        engine.getSession().putValue(name, value);
    }

    @Override
    public Object getValue(String name) {
        return engine.getSession().getValue(name);
    }

    @Override
    public void removeValue(String name) {
        engine.getSession().removeValue(name);
    }

    @Override
    public String[] getValueNames() {
        return engine.getSession().getValueNames();
    }

    @Override
    public Certificate[] getPeerCertificates() throws SSLPeerUnverifiedException {
        return engine.getSession().getPeerCertificates();
    }

    @Override
    public Certificate[] getLocalCertificates() {
        return engine.getSession().getLocalCertificates();
    }

    @Override
    public Principal getPeerPrincipal() throws SSLPeerUnverifiedException {
        return engine.getSession().getPeerPrincipal();
    }

    @Override
    public Principal getLocalPrincipal() {
        return engine.getSession().getLocalPrincipal();
    }

    @Override
    public String getCipherSuite() {
        return engine.getSession().getCipherSuite();
    }

    @Override
    public String getProtocol() {
        return engine.getSession().getProtocol();
    }

    @Override
    public String getPeerHost() {
        return engine.getSession().getPeerHost();
    }

    @Override
    public int getPeerPort() {
        return engine.getSession().getPeerPort();
    }

    @Override
    public int getPacketBufferSize() {
        return engine.getSession().getPacketBufferSize();
    }

    @Override
    public int getApplicationBufferSize() {
        return engine.getSession().getApplicationBufferSize();
    }
}
