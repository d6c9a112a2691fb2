class Netstat < Formula
  desc "Truthful network tool with the command line of Windows and net-tools"
  homepage "@HOME@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]
  depends_on :linux

  on_intel do
    url "@HOME@/releases/download/v@VERSION@/netstat-@VERSION@-x86_64-linux.tar.gz"
    sha256 "@X86_64@"
  end

  on_arm do
    url "@HOME@/releases/download/v@VERSION@/netstat-@VERSION@-aarch64-linux.tar.gz"
    sha256 "@AARCH64@"
  end

  def install
    bin.install "bin/netstat"
    man1.install "share/man/man1/netstat.1"
    bash_completion.install "share/bash-completion/completions/netstat"
    zsh_completion.install "share/zsh/site-functions/_netstat"
    fish_completion.install "share/fish/vendor_completions.d/netstat.fish"
    doc.install Dir["share/doc/netstat/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/netstat --version")
  end
end
