import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Calendar;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationWidget;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureOptions;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.visible.PDVisibleSigProperties;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.visible.PDVisibleSignDesigner;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.pdfbox.pdmodel.interactive.form.PDField;
import org.apache.pdfbox.pdmodel.interactive.form.PDSignatureField;
import org.apache.pdfbox.pdmodel.interactive.form.PDTextField;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** PDFs as PDFBox and BouncyCastle make them. usage: Maker KEYS.p12; one "operation TAB from TAB to" a line of input. */
public class Maker {
    private static PrivateKey key;
    private static Certificate[] chain;

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(args[0])) {
            store.load(in, "test".toCharArray());
        }
        String alias = store.aliases().nextElement();
        key = (PrivateKey) store.getKey(alias, "test".toCharArray());
        chain = store.getCertificateChain(alias);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t");
            make(parts[0], parts[1], parts[2]);
        }
    }

    private static void make(String operation, String from, String to) throws Exception {
        boolean fresh = operation.equals("form") || operation.equals("encrypted");
        try (PDDocument document = fresh ? new PDDocument() : PDDocument.load(new File(from));
                OutputStream out = new BufferedOutputStream(new FileOutputStream(to))) {
            switch (operation) {
                case "form": form(document); document.save(out); return;
                case "encrypted": form(document); protect(document); document.save(out); return;
                case "sign": document.addSignature(signature(), Maker::cms); break;
                case "certify": certify(document); break;
                case "visible": visible(document); break;
                case "field": field(document); break;
                case "fill": fill(document); break;
                case "keep": keep(document, from); break;
                case "touch": touch(document); break;
                default: throw new IllegalArgumentException(operation);
            }
            document.saveIncremental(out);
        }
    }

    private static byte[] cms(InputStream content) throws IOException {
        try {
            CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
            generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
                new JcaDigestCalculatorProviderBuilder().setProvider("BC").build()).build(
                    new JcaContentSignerBuilder("SHA256withRSA").setProvider("BC").build(key),
                    (X509Certificate) chain[0]));
            generator.addCertificates(new JcaCertStore(Arrays.asList(chain)));
            return generator.generate(new CMSProcessableByteArray(content.readAllBytes()), false).getEncoded();
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private static PDSignature signature() {
        PDSignature signature = new PDSignature();
        signature.setFilter(PDSignature.FILTER_ADOBE_PPKLITE);
        signature.setSubFilter(PDSignature.SUBFILTER_ADBE_PKCS7_DETACHED);
        signature.setName("Foreign");
        signature.setReason("\u6279\u51c6");
        signature.setSignDate(Calendar.getInstance());
        return signature;
    }

    private static void form(PDDocument document) throws IOException {
        PDPage page = new PDPage(PDRectangle.A4);
        document.addPage(page);
        PDAcroForm form = new PDAcroForm(document);
        document.getDocumentCatalog().setAcroForm(form);
        PDResources shared = new PDResources();
        shared.put(COSName.getPDFName("Helv"), PDType1Font.HELVETICA);
        // One object for both, as several programs write it.
        page.setResources(shared);
        form.setDefaultResources(shared);
        form.setDefaultAppearance("/Helv 0 Tf 0 g");
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.beginText();
            content.setFont(PDType1Font.HELVETICA, 14);
            content.newLineAtOffset(72, 750);
            content.showText("Notice 17");
            content.endText();
        }
        PDTextField text = new PDTextField(form);
        text.setPartialName("name");
        text.setDefaultAppearance("/Helv 12 Tf 0 g");
        place(page, text.getWidgets().get(0), 650);
        PDSignatureField empty = new PDSignatureField(form);
        place(page, empty.getWidgets().get(0), 550);
        form.setFields(Arrays.<PDField>asList(text, empty));
        text.setValue("");
    }

    private static void place(PDPage page, PDAnnotationWidget widget, int y) throws IOException {
        widget.setRectangle(new PDRectangle(72, y, 200, 40));
        widget.setPage(page);
        widget.setPrinted(true);
        page.getAnnotations().add(widget);
    }

    private static void protect(PDDocument document) throws IOException {
        StandardProtectionPolicy policy = new StandardProtectionPolicy("owner", "", new AccessPermission());
        policy.setEncryptionKeyLength(128);
        policy.setPreferAES(true);
        document.protect(policy);
    }

    private static void certify(PDDocument document) throws IOException {
        PDSignature signature = signature();
        COSDictionary parameters = new COSDictionary();
        parameters.setName("Type", "TransformParams");
        parameters.setInt("P", 2);
        parameters.setName("V", "1.2");
        COSDictionary reference = new COSDictionary();
        reference.setName("Type", "SigRef");
        reference.setName("TransformMethod", "DocMDP");
        reference.setItem("TransformParams", parameters);
        COSArray references = new COSArray();
        references.add(reference);
        signature.getCOSObject().setItem("Reference", references);
        for (COSBase part : new COSBase[] {references, reference, parameters}) {
            part.setDirect(true);
        }
        COSDictionary permissions = new COSDictionary();
        permissions.setItem("DocMDP", signature);
        COSDictionary catalog = document.getDocumentCatalog().getCOSObject();
        catalog.setItem("Perms", permissions);
        catalog.setNeedToBeUpdated(true);
        permissions.setNeedToBeUpdated(true);
        document.addSignature(signature, Maker::cms);
    }

    private static void visible(PDDocument document) throws IOException {
        BufferedImage picture = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
        PDVisibleSignDesigner designer = new PDVisibleSignDesigner(document, picture, 1);
        designer.xAxis(300).yAxis(100).zoom(100);
        PDVisibleSigProperties properties = new PDVisibleSigProperties();
        properties.signerName("Foreign").page(1).visualSignEnabled(true).setPdVisibleSignature(designer);
        properties.buildSignature();
        SignatureOptions options = new SignatureOptions();
        options.setVisualSignature(properties.getVisibleSignature());
        options.setPage(0);
        document.addSignature(signature(), Maker::cms, options);
    }

    private static void field(PDDocument document) throws IOException {
        PDSignature signature = signature();
        for (PDField field : document.getDocumentCatalog().getAcroForm().getFieldTree()) {
            if (field instanceof PDSignatureField && ((PDSignatureField) field).getSignature() == null) {
                field.getCOSObject().setItem(COSName.V, signature);
                field.getCOSObject().setNeedToBeUpdated(true);
            }
        }
        document.addSignature(signature, Maker::cms);
    }

    private static void fill(PDDocument document) throws IOException {
        PDAcroForm form = document.getDocumentCatalog().getAcroForm();
        // PDFBox writes what is marked, and looks for more only below what is marked.
        document.getDocumentCatalog().getCOSObject().setNeedToBeUpdated(true);
        form.getCOSObject().setNeedToBeUpdated(true);
        ((COSArray) form.getCOSObject().getDictionaryObject(COSName.FIELDS)).setNeedToBeUpdated(true);
        PDField field = form.getField("name");
        field.setValue("Ann Lee");
        COSDictionary widget = field.getWidgets().get(0).getCOSObject();
        widget.setNeedToBeUpdated(true);
        COSDictionary look = widget.getCOSDictionary(COSName.AP);
        look.setNeedToBeUpdated(true);
        ((COSStream) look.getDictionaryObject(COSName.N)).setNeedToBeUpdated(true);
    }

    private static void keep(PDDocument document, String from) throws Exception {
        COSDictionary catalog = document.getDocumentCatalog().getCOSObject();
        COSDictionary store = new COSDictionary();
        COSDictionary related = new COSDictionary();
        COSArray certificates = new COSArray();
        for (Certificate certificate : chain) {
            COSStream stream = document.getDocument().createCOSStream();
            try (OutputStream out = stream.createOutputStream(COSName.FLATE_DECODE)) {
                out.write(certificate.getEncoded());
            }
            certificates.add(stream);
        }
        for (PDSignature signature : document.getSignatureDictionaries()) {
            byte[] contents = signature.getContents(new FileInputStream(from));
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(contents);
            COSDictionary entry = new COSDictionary();
            entry.setItem("Cert", certificates);
            entry.setNeedToBeUpdated(true);
            related.setItem(COSName.getPDFName(org.apache.pdfbox.util.Hex.getString(digest)), entry);
        }
        store.setItem("Certs", certificates);
        store.setItem("VRI", related);
        COSDictionary extensions = new COSDictionary();
        COSDictionary adobe = new COSDictionary();
        adobe.setName("BaseVersion", "1.7");
        adobe.setInt("ExtensionLevel", 5);
        extensions.setItem("ADBE", adobe);
        extensions.setDirect(true);
        adobe.setDirect(true);
        catalog.setItem("DSS", store);
        catalog.setItem("Extensions", extensions);
        catalog.setNeedToBeUpdated(true);
        store.setNeedToBeUpdated(true);
        related.setNeedToBeUpdated(true);
        certificates.setNeedToBeUpdated(true);
    }

    private static void touch(PDDocument document) {
        document.getDocumentInformation().setModificationDate(Calendar.getInstance());
        document.getDocumentInformation().setProducer("PDFBox");
        document.getDocumentInformation().getCOSObject().setNeedToBeUpdated(true);
        document.getDocumentCatalog().getCOSObject().setNeedToBeUpdated(true);
    }
}
