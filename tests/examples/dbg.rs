fn main() {
    let t = annals_compose::generate::types::generate().unwrap();
    println!("types {:?}", annals_compose::probe::externs(&t));
    for p in annals_compose::framework::parts(annals_compose::host::Adapter::Filesystem).unwrap() {
        println!(
            "{} {} {:?}",
            p.name,
            p.bytes.len(),
            annals_compose::probe::externs(&p.bytes)
        );
    }
}
