import java.io.File;
import java.io.FileInputStream;
import java.security.MessageDigest;
import java.security.Security;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tsp.TimeStampToken;

/**
 * A judge that shares no code with eseal: PDFBox finds the signatures, BouncyCastle checks CMS and path.
 * usage: Judge ROOTS.pem FILE.pdf...   One line a signature: file, field index, valid|INVALID, trusted|UNTRUSTED, end of range, size.
 */
public class Judge {
    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Set<TrustAnchor> roots = new HashSet<>();
        try (FileInputStream in = new FileInputStream(args[0])) {
            for (Certificate root : CertificateFactory.getInstance("X.509", "BC").generateCertificates(in)) {
                roots.add(new TrustAnchor((X509Certificate) root, null));
            }
        }
        for (int i = 1; i < args.length; i++) {
            judge(roots, new File(args[i]));
        }
    }

    private static void judge(Set<TrustAnchor> roots, File file) throws Exception {
        byte[] bytes = java.nio.file.Files.readAllBytes(file.toPath());
        try (PDDocument document = PDDocument.load(file)) {
            int n = 0;
            for (PDSignature signature : document.getSignatureDictionaries()) {
                String valid;
                String trusted = "UNTRUSTED";
                try {
                    boolean stamp = "ETSI.RFC3161".equals(signature.getSubFilter());
                    CMSSignedData cms = stamp
                        ? new CMSSignedData(signature.getContents(bytes))
                        : new CMSSignedData(
                            new CMSProcessableByteArray(signature.getSignedContent(bytes)), signature.getContents(bytes));
                    SignerInformation signer = cms.getSignerInfos().getSigners().iterator().next();
                    X509CertificateHolder holder =
                        (X509CertificateHolder) cms.getCertificates().getMatches(signer.getSID()).iterator().next();
                    X509Certificate leaf = new JcaX509CertificateConverter().setProvider("BC").getCertificate(holder);
                    boolean good = signer.verify(
                        new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(leaf));
                    if (stamp) {
                        TimeStampToken token = new TimeStampToken(cms);
                        token.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(leaf));
                        MessageDigest digest = MessageDigest.getInstance(
                            token.getTimeStampInfo().getMessageImprintAlgOID().getId(), "BC");
                        good = good && MessageDigest.isEqual(
                            digest.digest(signature.getSignedContent(bytes)),
                            token.getTimeStampInfo().getMessageImprintDigest());
                    }
                    valid = good ? "valid" : "INVALID";
                    List<X509Certificate> all = new ArrayList<>();
                    for (X509CertificateHolder h : cms.getCertificates().getMatches(null)) {
                        all.add(new JcaX509CertificateConverter().setProvider("BC").getCertificate(h));
                    }
                    X509CertSelector target = new X509CertSelector();
                    target.setCertificate(leaf);
                    PKIXBuilderParameters parameters = new PKIXBuilderParameters(roots, target);
                    parameters.setRevocationEnabled(false);
                    parameters.addCertStore(
                        CertStore.getInstance("Collection", new CollectionCertStoreParameters(all), "BC"));
                    CertPathBuilder.getInstance("PKIX", "BC").build(parameters);
                    trusted = "trusted";
                } catch (java.security.cert.CertPathBuilderException e) {
                    valid = "valid";
                } catch (Exception e) {
                    valid = "INVALID " + e.getClass().getSimpleName();
                }
                int[] range = signature.getByteRange();
                System.out.println(file.getPath() + "\t" + n++ + "\t" + valid + "\t" + trusted + "\t"
                    + (range[2] + range[3]) + "\t" + bytes.length);
            }
            if (n == 0) {
                System.out.println(file.getPath() + "\t-\tnone\t-\t0\t" + bytes.length);
            }
        }
    }
}
