/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_event_rows.h - one row per anomaly: id, name in rules, Y when something
 * here raises it (N: a name that rules may use and that would never match).
 */
#ifndef CORE_APP_EVENT_ROWS_H
#define CORE_APP_EVENT_ROWS_H

/* id, keyword of rules, what stands in front of the name there, application protocol */
#define APP_EVENT_GROUPS(X)                                                                                  \
	X(DECODER, "decode-event", "", UNKNOWN)                                                              \
	X(STREAM, "stream-event", "", UNKNOWN)                                                               \
	X(APPLAYER, "app-layer-event", "applayer_", UNKNOWN)                                                 \
	X(HTTP, "app-layer-event", "http.", HTTP)                                                            \
	X(SMTP, "app-layer-event", "smtp.", SMTP)                                                            \
	X(TLS, "app-layer-event", "tls.", TLS)                                                               \
	X(DNS, "app-layer-event", "dns.", DNS)                                                               \
	X(SSH, "app-layer-event", "ssh.", SSH)                                                               \
	X(FTP, "app-layer-event", "ftp.", FTP)                                                               \
	X(SMB, "app-layer-event", "smb.", SMB)

/* Other names for rules: event, name without what stands in front of its group's */
#define APP_EVENT_ALIASES(X)                                                                                 \
	X(STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_ACK, "3whs_synack_resend_with_different_ack")                  \
	X(STREAM_EST_SYNACK_RESEND_WITH_DIFF_ACK, "est_synack_resend_with_different_ack")

#define APP_EVENTS_DECODER(X)                                                                                \
	X(DECODER_AFPACKET_TRUNC_PKT, "afpacket.trunc_pkt", N)                                               \
	X(DECODER_ARP_INVALID_HARDWARE_SIZE, "arp.invalid_hardware_size", Y)                                 \
	X(DECODER_ARP_INVALID_PKT, "arp.invalid_pkt", Y)                                                     \
	X(DECODER_ARP_INVALID_PROTOCOL_SIZE, "arp.invalid_protocol_size", Y)                                 \
	X(DECODER_ARP_PKT_TOO_SMALL, "arp.pkt_too_small", Y)                                                 \
	X(DECODER_ARP_UNSUPPORTED_HARDWARE, "arp.unsupported_hardware", Y)                                   \
	X(DECODER_ARP_UNSUPPORTED_OPCODE, "arp.unsupported_opcode", Y)                                       \
	X(DECODER_ARP_UNSUPPORTED_PROTOCOL, "arp.unsupported_protocol", Y)                                   \
	X(DECODER_CHDLC_PKT_TOO_SMALL, "chdlc.pkt_too_small", Y)                                             \
	X(DECODER_DCE_PKT_TOO_SMALL, "dce.pkt_too_small", Y)                                                 \
	X(DECODER_ERSPAN_HEADER_TOO_SMALL, "erspan.header_too_small", Y)                                     \
	X(DECODER_ERSPAN_TOO_MANY_VLAN_LAYERS, "erspan.too_many_vlan_layers", Y)                             \
	X(DECODER_ERSPAN_UNSUPPORTED_VERSION, "erspan.unsupported_version", Y)                               \
	X(DECODER_ESP_PKT_TOO_SMALL, "esp.pkt_too_small", Y)                                                 \
	X(DECODER_ETAG_HEADER_TOO_SMALL, "etag.header_too_small", Y)                                         \
	X(DECODER_ETAG_UNKNOWN_TYPE, "etag.unknown_type", Y)                                                 \
	X(DECODER_ETHERNET_PKT_TOO_SMALL, "ethernet.pkt_too_small", Y)                                       \
	X(DECODER_ETHERNET_UNKNOWN_ETHERTYPE, "ethernet.unknown_ethertype", Y)                               \
	X(DECODER_GENEVE_UNKNOWN_PAYLOAD_TYPE, "geneve.unknown_payload_type", Y)                             \
	X(DECODER_GRE_PKT_TOO_SMALL, "gre.pkt_too_small", Y)                                                 \
	X(DECODER_GRE_VERSION0_FLAGS, "gre.version0_flags", Y)                                               \
	X(DECODER_GRE_VERSION0_HDR_TOO_BIG, "gre.version0_hdr_too_big", Y)                                   \
	X(DECODER_GRE_VERSION0_MALFORMED_SRE_HDR, "gre.version0_malformed_sre_hdr", Y)                       \
	X(DECODER_GRE_VERSION0_RECUR, "gre.version0_recur", Y)                                               \
	X(DECODER_GRE_VERSION1_CHKSUM, "gre.version1_chksum", Y)                                             \
	X(DECODER_GRE_VERSION1_FLAGS, "gre.version1_flags", Y)                                               \
	X(DECODER_GRE_VERSION1_HDR_TOO_BIG, "gre.version1_hdr_too_big", Y)                                   \
	X(DECODER_GRE_VERSION1_MALFORMED_SRE_HDR, "gre.version1_malformed_sre_hdr", N)                       \
	X(DECODER_GRE_VERSION1_NO_KEY, "gre.version1_no_key", Y)                                             \
	X(DECODER_GRE_VERSION1_RECUR, "gre.version1_recur", Y)                                               \
	X(DECODER_GRE_VERSION1_ROUTE, "gre.version1_route", Y)                                               \
	X(DECODER_GRE_VERSION1_SSR, "gre.version1_ssr", Y)                                                   \
	X(DECODER_GRE_VERSION1_WRONG_PROTOCOL, "gre.version1_wrong_protocol", Y)                             \
	X(DECODER_GRE_WRONG_VERSION, "gre.wrong_version", Y)                                                 \
	X(DECODER_ICMPV4_IPV4_TRUNC_PKT, "icmpv4.ipv4_trunc_pkt", Y)                                         \
	X(DECODER_ICMPV4_IPV4_UNKNOWN_VER, "icmpv4.ipv4_unknown_ver", Y)                                     \
	X(DECODER_ICMPV4_PKT_TOO_SMALL, "icmpv4.pkt_too_small", Y)                                           \
	X(DECODER_ICMPV4_UNKNOWN_CODE, "icmpv4.unknown_code", Y)                                             \
	X(DECODER_ICMPV4_UNKNOWN_TYPE, "icmpv4.unknown_type", Y)                                             \
	X(DECODER_ICMPV6_EXPERIMENTATION_TYPE, "icmpv6.experimentation_type", Y)                             \
	X(DECODER_ICMPV6_IPV6_TRUNC_PKT, "icmpv6.ipv6_trunc_pkt", Y)                                         \
	X(DECODER_ICMPV6_IPV6_UNKNOWN_VERSION, "icmpv6.ipv6_unknown_version", Y)                             \
	X(DECODER_ICMPV6_MLD_MESSAGE_WITH_INVALID_HL, "icmpv6.mld_message_with_invalid_hl", Y)               \
	X(DECODER_ICMPV6_PKT_TOO_SMALL, "icmpv6.pkt_too_small", Y)                                           \
	X(DECODER_ICMPV6_UNASSIGNED_TYPE, "icmpv6.unassigned_type", Y)                                       \
	X(DECODER_ICMPV6_UNKNOWN_CODE, "icmpv6.unknown_code", Y)                                             \
	X(DECODER_ICMPV6_UNKNOWN_TYPE, "icmpv6.unknown_type", Y)                                             \
	X(DECODER_IEEE8021AH_HEADER_TOO_SMALL, "ieee8021ah.header_too_small", Y)                             \
	X(DECODER_IGMP_MALFORMED, "igmp.malformed", Y)                                                       \
	X(DECODER_IGMP_PKT_TOO_SMALL, "igmp.pkt_too_small", Y)                                               \
	X(DECODER_IGMP_V3_PKT_TOO_SMALL, "igmp.v3_pkt_too_small", Y)                                         \
	X(DECODER_IPRAW_INVALID_IP_VERSION, "ipraw.invalid_ip_version", Y)                                   \
	X(DECODER_IPV4_FRAG_IGNORED, "ipv4.frag_ignored", Y)                                                 \
	X(DECODER_IPV4_FRAG_OVERLAP, "ipv4.frag_overlap", Y)                                                 \
	X(DECODER_IPV4_FRAG_PKT_TOO_LARGE, "ipv4.frag_pkt_too_large", Y)                                     \
	X(DECODER_IPV4_HLEN_TOO_SMALL, "ipv4.hlen_too_small", Y)                                             \
	X(DECODER_IPV4_ICMPV6, "ipv4.icmpv6", Y)                                                             \
	X(DECODER_IPV4_IPLEN_SMALLER_THAN_HLEN, "ipv4.iplen_smaller_than_hlen", Y)                           \
	X(DECODER_IPV4_OPT_DUPLICATE, "ipv4.opt_duplicate", Y)                                               \
	X(DECODER_IPV4_OPT_EOL_REQUIRED, "ipv4.opt_eol_required", Y)                                         \
	X(DECODER_IPV4_OPT_INVALID, "ipv4.opt_invalid", Y)                                                   \
	X(DECODER_IPV4_OPT_INVALID_LEN, "ipv4.opt_invalid_len", Y)                                           \
	X(DECODER_IPV4_OPT_MALFORMED, "ipv4.opt_malformed", Y)                                               \
	X(DECODER_IPV4_OPT_PAD_REQUIRED, "ipv4.opt_pad_required", Y)                                         \
	X(DECODER_IPV4_OPT_UNKNOWN, "ipv4.opt_unknown", N)                                                   \
	X(DECODER_IPV4_PKT_TOO_SMALL, "ipv4.pkt_too_small", Y)                                               \
	X(DECODER_IPV4_TRUNC_PKT, "ipv4.trunc_pkt", Y)                                                       \
	X(DECODER_IPV4_UNKNOWN_PROTOCOL, "ipv4.unknown_protocol", N)                                         \
	X(DECODER_IPV4_WRONG_IP_VERSION, "ipv4.wrong_ip_version", Y)                                         \
	X(DECODER_IPV6_DATA_AFTER_NONE_HEADER, "ipv6.data_after_none_header", Y)                             \
	X(DECODER_IPV6_DSTOPTS_ONLY_PADDING, "ipv6.dstopts_only_padding", Y)                                 \
	X(DECODER_IPV6_DSTOPTS_UNKNOWN_OPT, "ipv6.dstopts_unknown_opt", Y)                                   \
	X(DECODER_IPV6_EXTHDR_AH_RES_NOT_NULL, "ipv6.exthdr_ah_res_not_null", Y)                             \
	X(DECODER_IPV6_EXTHDR_DUPL_AH, "ipv6.exthdr_dupl_ah", Y)                                             \
	X(DECODER_IPV6_EXTHDR_DUPL_DH, "ipv6.exthdr_dupl_dh", Y)                                             \
	X(DECODER_IPV6_EXTHDR_DUPL_EH, "ipv6.exthdr_dupl_eh", N)                                             \
	X(DECODER_IPV6_EXTHDR_DUPL_FH, "ipv6.exthdr_dupl_fh", Y)                                             \
	X(DECODER_IPV6_EXTHDR_DUPL_HH, "ipv6.exthdr_dupl_hh", Y)                                             \
	X(DECODER_IPV6_EXTHDR_DUPL_RH, "ipv6.exthdr_dupl_rh", Y)                                             \
	X(DECODER_IPV6_EXTHDR_INVALID_OPTLEN, "ipv6.exthdr_invalid_optlen", Y)                               \
	X(DECODER_IPV6_EXTHDR_USELESS_FH, "ipv6.exthdr_useless_fh", Y)                                       \
	X(DECODER_IPV6_FH_NON_ZERO_RESERVED_FIELD, "ipv6.fh_non_zero_reserved_field", Y)                     \
	X(DECODER_IPV6_FRAG_IGNORED, "ipv6.frag_ignored", Y)                                                 \
	X(DECODER_IPV6_FRAG_INVALID_LENGTH, "ipv6.frag_invalid_length", Y)                                   \
	X(DECODER_IPV6_FRAG_OVERLAP, "ipv6.frag_overlap", Y)                                                 \
	X(DECODER_IPV6_FRAG_PKT_TOO_LARGE, "ipv6.frag_pkt_too_large", Y)                                     \
	X(DECODER_IPV6_HOPOPTS_ONLY_PADDING, "ipv6.hopopts_only_padding", Y)                                 \
	X(DECODER_IPV6_HOPOPTS_UNKNOWN_OPT, "ipv6.hopopts_unknown_opt", Y)                                   \
	X(DECODER_IPV6_ICMPV4, "ipv6.icmpv4", Y)                                                             \
	X(DECODER_IPV6_IPV4_IN_IPV6_TOO_SMALL, "ipv6.ipv4_in_ipv6_too_small", Y)                             \
	X(DECODER_IPV6_IPV4_IN_IPV6_WRONG_VERSION, "ipv6.ipv4_in_ipv6_wrong_version", Y)                     \
	X(DECODER_IPV6_IPV6_IN_IPV6_TOO_SMALL, "ipv6.ipv6_in_ipv6_too_small", Y)                             \
	X(DECODER_IPV6_IPV6_IN_IPV6_WRONG_VERSION, "ipv6.ipv6_in_ipv6_wrong_version", Y)                     \
	X(DECODER_IPV6_PKT_TOO_SMALL, "ipv6.pkt_too_small", Y)                                               \
	X(DECODER_IPV6_RH_TYPE_0, "ipv6.rh_type_0", Y)                                                       \
	X(DECODER_IPV6_TRUNC_EXTHDR, "ipv6.trunc_exthdr", Y)                                                 \
	X(DECODER_IPV6_TRUNC_PKT, "ipv6.trunc_pkt", Y)                                                       \
	X(DECODER_IPV6_UNKNOWN_NEXT_HEADER, "ipv6.unknown_next_header", Y)                                   \
	X(DECODER_IPV6_WRONG_IP_VERSION, "ipv6.wrong_ip_version", Y)                                         \
	X(DECODER_IPV6_ZERO_LEN_PADN, "ipv6.zero_len_padn", Y)                                               \
	X(DECODER_LTNULL_PKT_TOO_SMALL, "ltnull.pkt_too_small", Y)                                           \
	X(DECODER_LTNULL_UNSUPPORTED_TYPE, "ltnull.unsupported_type", Y)                                     \
	X(DECODER_MPLS_BAD_LABEL_IMPLICIT_NULL, "mpls.bad_label_implicit_null", Y)                           \
	X(DECODER_MPLS_BAD_LABEL_RESERVED, "mpls.bad_label_reserved", Y)                                     \
	X(DECODER_MPLS_BAD_LABEL_ROUTER_ALERT, "mpls.bad_label_router_alert", Y)                             \
	X(DECODER_MPLS_HEADER_TOO_SMALL, "mpls.header_too_small", Y)                                         \
	X(DECODER_MPLS_PKT_TOO_SMALL, "mpls.pkt_too_small", Y)                                               \
	X(DECODER_MPLS_UNKNOWN_PAYLOAD_TYPE, "mpls.unknown_payload_type", Y)                                 \
	X(DECODER_NSH_BAD_HEADER_LENGTH, "nsh.bad_header_length", Y)                                         \
	X(DECODER_NSH_HEADER_TOO_SMALL, "nsh.header_too_small", Y)                                           \
	X(DECODER_NSH_RESERVED_TYPE, "nsh.reserved_type", Y)                                                 \
	X(DECODER_NSH_UNKNOWN_PAYLOAD, "nsh.unknown_payload", Y)                                             \
	X(DECODER_NSH_UNSUPPORTED_TYPE, "nsh.unsupported_type", Y)                                           \
	X(DECODER_NSH_UNSUPPORTED_VERSION, "nsh.unsupported_version", Y)                                     \
	X(DECODER_PPP_IP4_PKT_TOO_SMALL, "ppp.ip4_pkt_too_small", Y)                                         \
	X(DECODER_PPP_IP6_PKT_TOO_SMALL, "ppp.ip6_pkt_too_small", Y)                                         \
	X(DECODER_PPP_PKT_TOO_SMALL, "ppp.pkt_too_small", Y)                                                 \
	X(DECODER_PPP_UNSUP_PROTO, "ppp.unsup_proto", Y)                                                     \
	X(DECODER_PPP_VJU_PKT_TOO_SMALL, "ppp.vju_pkt_too_small", Y)                                         \
	X(DECODER_PPP_WRONG_TYPE, "ppp.wrong_type", Y)                                                       \
	X(DECODER_PPPOE_MALFORMED_TAGS, "pppoe.malformed_tags", Y)                                           \
	X(DECODER_PPPOE_PKT_TOO_SMALL, "pppoe.pkt_too_small", Y)                                             \
	X(DECODER_PPPOE_WRONG_CODE, "pppoe.wrong_code", Y)                                                   \
	X(DECODER_SCTP_CHUNK_LEN_INVALID, "sctp.chunk_len_invalid", Y)                                       \
	X(DECODER_SCTP_CHUNK_TOO_SMALL, "sctp.chunk_too_small", Y)                                           \
	X(DECODER_SCTP_DATA_WITH_ZERO_VTAG, "sctp.data_with_zero_vtag", Y)                                   \
	X(DECODER_SCTP_INIT_CHUNK_BUNDLED, "sctp.init_chunk_bundled", Y)                                     \
	X(DECODER_SCTP_INIT_WITH_NON_ZERO_VTAG, "sctp.init_with_non_zero_vtag", Y)                           \
	X(DECODER_SCTP_PKT_TOO_SMALL, "sctp.pkt_too_small", Y)                                               \
	X(DECODER_SCTP_TOO_MANY_CHUNKS, "sctp.too_many_chunks", Y)                                           \
	X(DECODER_SCTP_TOO_MANY_DATA_CHUNKS, "sctp.too_many_data_chunks", Y)                                 \
	X(DECODER_SLL_PKT_TOO_SMALL, "sll.pkt_too_small", Y)                                                 \
	X(DECODER_SLL2_PKT_TOO_SMALL, "sll2.pkt_too_small", Y)                                               \
	X(DECODER_TCP_HLEN_TOO_SMALL, "tcp.hlen_too_small", Y)                                               \
	X(DECODER_TCP_INVALID_OPTLEN, "tcp.invalid_optlen", Y)                                               \
	X(DECODER_TCP_OPT_DUPLICATE, "tcp.opt_duplicate", Y)                                                 \
	X(DECODER_TCP_OPT_INVALID_LEN, "tcp.opt_invalid_len", Y)                                             \
	X(DECODER_TCP_PKT_TOO_SMALL, "tcp.pkt_too_small", Y)                                                 \
	X(DECODER_TOO_MANY_LAYERS, "too_many_layers", Y)                                                     \
	X(DECODER_UDP_HLEN_INVALID, "udp.hlen_invalid", N)                                                   \
	X(DECODER_UDP_HLEN_TOO_SMALL, "udp.hlen_too_small", Y)                                               \
	X(DECODER_UDP_LEN_INVALID, "udp.len_invalid", Y)                                                     \
	X(DECODER_UDP_PKT_TOO_SMALL, "udp.pkt_too_small", Y)                                                 \
	X(DECODER_VLAN_HEADER_TOO_SMALL, "vlan.header_too_small", Y)                                         \
	X(DECODER_VLAN_TOO_MANY_LAYERS, "vlan.too_many_layers", Y)                                           \
	X(DECODER_VLAN_UNKNOWN_TYPE, "vlan.unknown_type", Y)                                                 \
	X(DECODER_VNTAG_HEADER_TOO_SMALL, "vntag.header_too_small", Y)                                       \
	X(DECODER_VNTAG_UNKNOWN_TYPE, "vntag.unknown_type", Y)                                               \
	X(DECODER_VXLAN_UNKNOWN_PAYLOAD_TYPE, "vxlan.unknown_payload_type", Y)

#define APP_EVENTS_STREAM(X)                                                                                 \
	X(STREAM_3WHS_ACK_DATA_INJECT, "3whs_ack_data_inject", Y)                                            \
	X(STREAM_3WHS_ACK_IN_WRONG_DIR, "3whs_ack_in_wrong_dir", Y)                                          \
	X(STREAM_3WHS_ASYNC_WRONG_SEQ, "3whs_async_wrong_seq", Y)                                            \
	X(STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION, "3whs_right_seq_wrong_ack_evasion", Y)                    \
	X(STREAM_3WHS_SYN_FLOOD, "3whs_syn_flood", Y)                                                        \
	X(STREAM_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV, "3whs_syn_resend_diff_seq_on_syn_recv", Y)            \
	X(STREAM_3WHS_SYN_TOCLIENT_ON_SYN_RECV, "3whs_syn_toclient_on_syn_recv", Y)                          \
	X(STREAM_3WHS_SYNACK_FLOOD, "3whs_synack_flood", Y)                                                  \
	X(STREAM_3WHS_SYNACK_IN_WRONG_DIRECTION, "3whs_synack_in_wrong_direction", Y)                        \
	X(STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_ACK, "3whs_synack_resend_with_diff_ack", Y)                    \
	X(STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ, "3whs_synack_resend_with_diff_seq", Y)                    \
	X(STREAM_3WHS_SYNACK_TFO_DATA_IGNORED, "3whs_synack_tfo_data_ignored", Y)                            \
	X(STREAM_3WHS_SYNACK_TOSERVER_ON_SYN_RECV, "3whs_synack_toserver_on_syn_recv", Y)                    \
	X(STREAM_3WHS_SYNACK_WITH_WRONG_ACK, "3whs_synack_with_wrong_ack", Y)                                \
	X(STREAM_3WHS_WRONG_SEQ_WRONG_ACK, "3whs_wrong_seq_wrong_ack", Y)                                    \
	X(STREAM_4WHS_INVALID_ACK, "4whs_invalid_ack", Y)                                                    \
	X(STREAM_4WHS_SYNACK_WITH_WRONG_ACK, "4whs_synack_with_wrong_ack", Y)                                \
	X(STREAM_4WHS_SYNACK_WITH_WRONG_SYN, "4whs_synack_with_wrong_syn", Y)                                \
	X(STREAM_4WHS_WRONG_SEQ, "4whs_wrong_seq", Y)                                                        \
	X(STREAM_CLOSEWAIT_ACK_OUT_OF_WINDOW, "closewait_ack_out_of_window", Y)                              \
	X(STREAM_CLOSEWAIT_FIN_OUT_OF_WINDOW, "closewait_fin_out_of_window", Y)                              \
	X(STREAM_CLOSEWAIT_INVALID_ACK, "closewait_invalid_ack", Y)                                          \
	X(STREAM_CLOSEWAIT_PKT_BEFORE_LAST_ACK, "closewait_pkt_before_last_ack", Y)                          \
	X(STREAM_CLOSING_ACK_WRONG_SEQ, "closing_ack_wrong_seq", Y)                                          \
	X(STREAM_CLOSING_INVALID_ACK, "closing_invalid_ack", Y)                                              \
	X(STREAM_EST_ACK_ZWP_DATA, "est_ack_zwp_data", Y)                                                    \
	X(STREAM_EST_INVALID_ACK, "est_invalid_ack", Y)                                                      \
	X(STREAM_EST_PACKET_OUT_OF_WINDOW, "est_packet_out_of_window", Y)                                    \
	X(STREAM_EST_PKT_BEFORE_LAST_ACK, "est_pkt_before_last_ack", Y)                                      \
	X(STREAM_EST_SYN_RESEND, "est_syn_resend", Y)                                                        \
	X(STREAM_EST_SYN_RESEND_DIFF_SEQ, "est_syn_resend_diff_seq", Y)                                      \
	X(STREAM_EST_SYN_TOCLIENT, "est_syn_toclient", Y)                                                    \
	X(STREAM_EST_SYNACK_RESEND, "est_synack_resend", Y)                                                  \
	X(STREAM_EST_SYNACK_RESEND_WITH_DIFF_ACK, "est_synack_resend_with_diff_ack", Y)                      \
	X(STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ, "est_synack_resend_with_diff_seq", Y)                      \
	X(STREAM_EST_SYNACK_TOSERVER, "est_synack_toserver", Y)                                              \
	X(STREAM_FIN1_ACK_WRONG_SEQ, "fin1_ack_wrong_seq", Y)                                                \
	X(STREAM_FIN1_FIN_WRONG_SEQ, "fin1_fin_wrong_seq", Y)                                                \
	X(STREAM_FIN1_INVALID_ACK, "fin1_invalid_ack", Y)                                                    \
	X(STREAM_FIN2_ACK_WRONG_SEQ, "fin2_ack_wrong_seq", Y)                                                \
	X(STREAM_FIN2_FIN_WRONG_SEQ, "fin2_fin_wrong_seq", Y)                                                \
	X(STREAM_FIN2_INVALID_ACK, "fin2_invalid_ack", Y)                                                    \
	X(STREAM_FIN_BUT_NO_SESSION, "fin_but_no_session", Y)                                                \
	X(STREAM_FIN_INVALID_ACK, "fin_invalid_ack", Y)                                                      \
	X(STREAM_FIN_OUT_OF_WINDOW, "fin_out_of_window", Y)                                                  \
	X(STREAM_FIN_SYN, "fin_syn", Y)                                                                      \
	X(STREAM_LASTACK_ACK_WRONG_SEQ, "lastack_ack_wrong_seq", Y)                                          \
	X(STREAM_LASTACK_INVALID_ACK, "lastack_invalid_ack", Y)                                              \
	X(STREAM_PKT_BAD_WINDOW_UPDATE, "pkt_bad_window_update", Y)                                          \
	X(STREAM_PKT_BROKEN_ACK, "pkt_broken_ack", Y)                                                        \
	X(STREAM_PKT_INVALID_ACK, "pkt_invalid_ack", Y)                                                      \
	X(STREAM_PKT_INVALID_TIMESTAMP, "pkt_invalid_timestamp", Y)                                          \
	X(STREAM_PKT_RETRANSMISSION, "pkt_retransmission", Y)                                                \
	X(STREAM_PKT_SPURIOUS_RETRANSMISSION, "pkt_spurious_retransmission", Y)                              \
	X(STREAM_REASSEMBLY_DEPTH_REACHED, "reassembly_depth_reached", Y)                                    \
	X(STREAM_REASSEMBLY_INSERT_INVALID, "reassembly_insert_invalid", N)                                  \
	X(STREAM_REASSEMBLY_INSERT_LIMIT, "reassembly_insert_limit", Y)                                      \
	X(STREAM_REASSEMBLY_INSERT_MEMCAP, "reassembly_insert_memcap", Y)                                    \
	X(STREAM_REASSEMBLY_NO_SEGMENT, "reassembly_no_segment", Y)                                          \
	X(STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA, "reassembly_overlap_different_data", Y)                  \
	X(STREAM_REASSEMBLY_SEGMENT_BEFORE_BASE_SEQ, "reassembly_segment_before_base_seq", N)                \
	X(STREAM_REASSEMBLY_SEQ_GAP, "reassembly_seq_gap", Y)                                                \
	X(STREAM_REASSEMBLY_URGENT_OOB_LIMIT_REACHED, "reassembly_urgent_oob_limit_reached", Y)              \
	X(STREAM_RST_BUT_NO_SESSION, "rst_but_no_session", Y)                                                \
	X(STREAM_RST_INVALID_ACK, "rst_invalid_ack", Y)                                                      \
	X(STREAM_RST_WITH_DATA, "rst_with_data", Y)                                                          \
	X(STREAM_SHUTDOWN_SYN_RESEND, "shutdown_syn_resend", Y)                                              \
	X(STREAM_SUSPECTED_RST_INJECT, "suspected_rst_inject", Y)                                            \
	X(STREAM_TIMEWAIT_ACK_WRONG_SEQ, "timewait_ack_wrong_seq", Y)                                        \
	X(STREAM_TIMEWAIT_INVALID_ACK, "timewait_invalid_ack", Y)                                            \
	X(STREAM_WRONG_THREAD, "wrong_thread", N)

#define APP_EVENTS_APPLAYER(X)                                                                               \
	X(APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION, "detect_protocol_only_one_direction", Y)              \
	X(APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS, "mismatch_protocol_both_directions", Y)                \
	X(APPLAYER_NO_TLS_AFTER_STARTTLS, "no_tls_after_starttls", Y)                                        \
	X(APPLAYER_PROTO_DETECTION_SKIPPED, "proto_detection_skipped", Y)                                    \
	X(APPLAYER_UNEXPECTED_PROTOCOL, "unexpected_protocol", Y)                                            \
	X(APPLAYER_WRONG_DIRECTION_FIRST_DATA, "wrong_direction_first_data", Y)

#define APP_EVENTS_HTTP(X)                                                                                   \
	X(HTTP_100_CONTINUE_ALREADY_SEEN, "100_continue_already_seen", Y)                                    \
	X(HTTP_ABNORMAL_CE_HEADER, "abnormal_ce_header", Y)                                                  \
	X(HTTP_COMPRESSION_BOMB, "compression_bomb", Y)                                                      \
	X(HTTP_COMPRESSION_BOMB_DOUBLE_LZMA, "compression_bomb_double_lzma", N)                              \
	X(HTTP_COMPRESSION_BOMB_LIMIT_REACHED, "compression_bomb_limit_reached", N)                          \
	X(HTTP_CONNECTION_ALREADY_OPEN, "connection_already_open", N)                                        \
	X(HTTP_DEFORMED_EOL, "deformed_eol", N)                                                              \
	X(HTTP_DOUBLE_ENCODED_URI, "double_encoded_uri", Y)                                                  \
	X(HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST, "duplicate_content_length_field_in_request", Y)    \
	X(HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE, "duplicate_content_length_field_in_response", Y)  \
	X(HTTP_FAILED_PROTOCOL_CHANGE, "failed_protocol_change", Y)                                          \
	X(HTTP_FILE_NAME_TOO_LONG, "file_name_too_long", Y)                                                  \
	X(HTTP_GZIP_DECOMPRESSION_FAILED, "gzip_decompression_failed", Y)                                    \
	X(HTTP_HOST_HEADER_AMBIGUOUS, "host_header_ambiguous", Y)                                            \
	X(HTTP_INVALID_AUTHORITY_PORT, "invalid_authority_port", Y)                                          \
	X(HTTP_INVALID_CONTENT_ENCODING, "invalid_content_encoding", N)                                      \
	X(HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST, "invalid_content_length_field_in_request", Y)        \
	X(HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_RESPONSE, "invalid_content_length_field_in_response", Y)      \
	X(HTTP_INVALID_GAP, "invalid_gap", N)                                                                \
	X(HTTP_INVALID_REQUEST_CHUNK_LEN, "invalid_request_chunk_len", Y)                                    \
	X(HTTP_INVALID_REQUEST_FIELD_FOLDING, "invalid_request_field_folding", Y)                            \
	X(HTTP_INVALID_RESPONSE_CHUNK_LEN, "invalid_response_chunk_len", Y)                                  \
	X(HTTP_INVALID_RESPONSE_FIELD_FOLDING, "invalid_response_field_folding", Y)                          \
	X(HTTP_INVALID_SERVER_PORT_IN_REQUEST, "invalid_server_port_in_request", Y)                          \
	X(HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST, "invalid_transfer_encoding_value_in_request", Y)  \
	X(HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_RESPONSE, "invalid_transfer_encoding_value_in_response",   \
	  Y)                                                                                                 \
	X(HTTP_LZMA_DECOMPRESSION_DISABLED, "lzma_decompression_disabled", N)                                \
	X(HTTP_LZMA_MEMLIMIT_REACHED, "lzma_memlimit_reached", N)                                            \
	X(HTTP_METHOD_DELIM_NON_COMPLIANT, "method_delim_non_compliant", Y)                                  \
	X(HTTP_MISSING_HOST_HEADER, "missing_host_header", Y)                                                \
	X(HTTP_MISSING_INBOUND_TRANSACTION_DATA, "missing_inbound_transaction_data", N)                      \
	X(HTTP_MISSING_OUTBOUND_TRANSACTION_DATA, "missing_outbound_transaction_data", N)                    \
	X(HTTP_MULTIPART_GENERIC_ERROR, "multipart_generic_error", N)                                        \
	X(HTTP_MULTIPART_INVALID_HEADER, "multipart_invalid_header", Y)                                      \
	X(HTTP_MULTIPART_NO_FILEDATA, "multipart_no_filedata", Y)                                            \
	X(HTTP_PARSER_STATE_ERROR, "parser_state_error", N)                                                  \
	X(HTTP_PROTOCOL_CONTAINS_EXTRA_DATA, "protocol_contains_extra_data", N)                              \
	X(HTTP_RANGE_INVALID, "range_invalid", Y)                                                            \
	X(HTTP_REQUEST_AUTH_UNRECOGNIZED, "request_auth_unrecognized", Y)                                    \
	X(HTTP_REQUEST_BODY_DATA_CALLBACK_ERROR, "request_body_data_callback_error", N)                      \
	X(HTTP_REQUEST_BODY_UNEXPECTED, "request_body_unexpected", N)                                        \
	X(HTTP_REQUEST_CHUNK_EXTENSION, "request_chunk_extension", Y)                                        \
	X(HTTP_REQUEST_FIELD_MISSING_COLON, "request_field_missing_colon", Y)                                \
	X(HTTP_REQUEST_FIELD_TOO_LONG, "request_field_too_long", Y)                                          \
	X(HTTP_REQUEST_HEADER_HOST_INVALID, "request_header_host_invalid", Y)                                \
	X(HTTP_REQUEST_HEADER_INVALID, "request_header_invalid", Y)                                          \
	X(HTTP_REQUEST_HEADER_REPETITION, "request_header_repetition", Y)                                    \
	X(HTTP_REQUEST_INVALID_EMPTY_NAME, "request_invalid_empty_name", Y)                                  \
	X(HTTP_REQUEST_INVALID_LWS_AFTER_NAME, "request_invalid_lws_after_name", Y)                          \
	X(HTTP_REQUEST_LINE_INCOMPLETE, "request_line_incomplete", Y)                                        \
	X(HTTP_REQUEST_LINE_INVALID, "request_line_invalid", Y)                                              \
	X(HTTP_REQUEST_LINE_LEADING_WHITESPACE, "request_line_leading_whitespace", Y)                        \
	X(HTTP_REQUEST_LINE_MISSING_PROTOCOL, "request_line_missing_protocol", Y)                            \
	X(HTTP_REQUEST_LINE_UNKNOWN_METHOD, "request_line_unknown_method", Y)                                \
	X(HTTP_REQUEST_LINE_UNKNOWN_METHOD_INVALID_PROTOCOL, "request_line_unknown_method_invalid_protocol", \
	  Y)                                                                                                 \
	X(HTTP_REQUEST_LINE_UNKNOWN_METHOD_NO_PROTOCOL, "request_line_unknown_method_no_protocol", Y)        \
	X(HTTP_REQUEST_SERVER_PORT_TCP_PORT_MISMATCH, "request_server_port_tcp_port_mismatch", Y)            \
	X(HTTP_REQUEST_TOO_MANY_HEADERS, "request_too_many_headers", Y)                                      \
	X(HTTP_REQUEST_TOO_MANY_LZMA_LAYERS, "request_too_many_lzma_layers", N)                              \
	X(HTTP_REQUEST_URI_HOST_INVALID, "request_uri_host_invalid", Y)                                      \
	X(HTTP_RESPONSE_ABNORMAL_TRANSFER_ENCODING, "response_abnormal_transfer_encoding", Y)                \
	X(HTTP_RESPONSE_BODY_INTERNAL_ERROR, "response_body_internal_error", N)                              \
	X(HTTP_RESPONSE_BODY_UNEXPECTED, "response_body_unexpected", Y)                                      \
	X(HTTP_RESPONSE_CHUNK_EXTENSION, "response_chunk_extension", Y)                                      \
	X(HTTP_RESPONSE_CHUNKED_OLD_PROTO, "response_chunked_old_proto", Y)                                  \
	X(HTTP_RESPONSE_FIELD_MISSING_COLON, "response_field_missing_colon", Y)                              \
	X(HTTP_RESPONSE_FIELD_TOO_LONG, "response_field_too_long", Y)                                        \
	X(HTTP_RESPONSE_HEADER_INVALID, "response_header_invalid", Y)                                        \
	X(HTTP_RESPONSE_HEADER_NAME_NOT_TOKEN, "response_header_name_not_token", Y)                          \
	X(HTTP_RESPONSE_HEADER_REPETITION, "response_header_repetition", Y)                                  \
	X(HTTP_RESPONSE_INVALID_EMPTY_NAME, "response_invalid_empty_name", Y)                                \
	X(HTTP_RESPONSE_INVALID_LWS_AFTER_NAME, "response_invalid_lws_after_name", Y)                        \
	X(HTTP_RESPONSE_INVALID_PROTOCOL, "response_invalid_protocol", Y)                                    \
	X(HTTP_RESPONSE_INVALID_STATUS, "response_invalid_status", Y)                                        \
	X(HTTP_RESPONSE_LINE_INVALID_PROTOCOL, "response_line_invalid_protocol", Y)                          \
	X(HTTP_RESPONSE_LINE_INVALID_RESPONSE_STATUS, "response_line_invalid_response_status", Y)            \
	X(HTTP_RESPONSE_MULTIPART_BYTERANGES, "response_multipart_byteranges", Y)                            \
	X(HTTP_RESPONSE_TOO_MANY_HEADERS, "response_too_many_headers", Y)                                    \
	X(HTTP_RESPONSE_TOO_MANY_LZMA_LAYERS, "response_too_many_lzma_layers", N)                            \
	X(HTTP_SWITCHING_PROTO_WITH_CONTENT_LENGTH, "switching_proto_with_content_length", Y)                \
	X(HTTP_TOO_MANY_ENCODING_LAYERS, "too_many_encoding_layers", Y)                                      \
	X(HTTP_TOO_MANY_WARNINGS, "too_many_warnings", N)                                                    \
	X(HTTP_UNABLE_TO_MATCH_RESPONSE_TO_REQUEST, "unable_to_match_response_to_request", Y)                \
	X(HTTP_UNKNOWN_ERROR, "unknown_error", N)                                                            \
	X(HTTP_URI_DELIM_NON_COMPLIANT, "uri_delim_non_compliant", Y)                                        \
	X(HTTP_ZERO_LENGTH_DATA_CHUNKS, "zero_length_data_chunks", N)

#define APP_EVENTS_SMTP(X)                                                                                   \
	X(SMTP_BDAT_CHUNK_LEN_EXCEEDED, "bdat_chunk_len_exceeded", N)                                        \
	X(SMTP_DATA_COMMAND_REJECTED, "data_command_rejected", Y)                                            \
	X(SMTP_DUPLICATE_FIELDS, "duplicate_fields", Y)                                                      \
	X(SMTP_FAILED_PROTOCOL_CHANGE, "failed_protocol_change", Y)                                          \
	X(SMTP_INVALID_BDAT, "invalid_bdat", Y)                                                              \
	X(SMTP_INVALID_PIPELINED_SEQUENCE, "invalid_pipelined_sequence", Y)                                  \
	X(SMTP_INVALID_REPLY, "invalid_reply", Y)                                                            \
	X(SMTP_MAX_COMMAND_LINE_LEN_EXCEEDED, "max_command_line_len_exceeded", Y)                            \
	X(SMTP_MAX_REPLY_LINE_LEN_EXCEEDED, "max_reply_line_len_exceeded", Y)                                \
	X(SMTP_MIME_INVALID_BASE64, "mime_invalid_base64", Y)                                                \
	X(SMTP_MIME_INVALID_QP, "mime_invalid_qp", Y)                                                        \
	X(SMTP_MIME_LONG_BOUNDARY, "mime_long_boundary", Y)                                                  \
	X(SMTP_MIME_LONG_ENC_LINE, "mime_long_enc_line", Y)                                                  \
	X(SMTP_MIME_LONG_FILENAME, "mime_long_filename", Y)                                                  \
	X(SMTP_MIME_LONG_HEADER_NAME, "mime_long_header_name", Y)                                            \
	X(SMTP_MIME_LONG_HEADER_VALUE, "mime_long_header_value", Y)                                          \
	X(SMTP_MIME_LONG_LINE, "mime_long_line", Y)                                                          \
	X(SMTP_MIME_MALFORMED_MSG, "mime_malformed_msg", N)                                                  \
	X(SMTP_MIME_PARSE_FAILED, "mime_parse_failed", N)                                                    \
	X(SMTP_NO_SERVER_WELCOME_MESSAGE, "no_server_welcome_message", Y)                                    \
	X(SMTP_TLS_REJECTED, "tls_rejected", Y)                                                              \
	X(SMTP_TRUNCATED_LINE, "truncated_line", Y)                                                          \
	X(SMTP_UNABLE_TO_MATCH_REPLY_WITH_REQUEST, "unable_to_match_reply_with_request", Y)                  \
	X(SMTP_UNPARSABLE_CONTENT, "unparsable_content", N)

#define APP_EVENTS_TLS(X)                                                                                    \
	X(TLS_CERTIFICATE_INVALID_ALGORITHMIDENTIFIER, "certificate_invalid_algorithmidentifier", Y)         \
	X(TLS_CERTIFICATE_INVALID_DATE, "certificate_invalid_date", Y)                                       \
	X(TLS_CERTIFICATE_INVALID_DER, "certificate_invalid_der", Y)                                         \
	X(TLS_CERTIFICATE_INVALID_EXTENSIONS, "certificate_invalid_extensions", Y)                           \
	X(TLS_CERTIFICATE_INVALID_ISSUER, "certificate_invalid_issuer", Y)                                   \
	X(TLS_CERTIFICATE_INVALID_LENGTH, "certificate_invalid_length", Y)                                   \
	X(TLS_CERTIFICATE_INVALID_SERIAL, "certificate_invalid_serial", Y)                                   \
	X(TLS_CERTIFICATE_INVALID_SUBJECT, "certificate_invalid_subject", Y)                                 \
	X(TLS_CERTIFICATE_INVALID_VALIDITY, "certificate_invalid_validity", Y)                               \
	X(TLS_CERTIFICATE_INVALID_VERSION, "certificate_invalid_version", Y)                                 \
	X(TLS_CERTIFICATE_INVALID_X509NAME, "certificate_invalid_x509name", Y)                               \
	X(TLS_DATALEAK_HEARTBEAT_MISMATCH, "dataleak_heartbeat_mismatch", Y)                                 \
	X(TLS_ERROR_MESSAGE_ENCOUNTERED, "error_message_encountered", Y)                                     \
	X(TLS_HANDSHAKE_INVALID_LENGTH, "handshake_invalid_length", Y)                                       \
	X(TLS_HEARTBEAT_MESSAGE, "heartbeat_message", Y)                                                     \
	X(TLS_INVALID_ALERT_MESSAGE, "invalid_alert_message", Y)                                             \
	X(TLS_INVALID_CERTIFICATE, "invalid_certificate", Y)                                                 \
	X(TLS_INVALID_HANDSHAKE_MESSAGE, "invalid_handshake_message", Y)                                     \
	X(TLS_INVALID_HEARTBEAT_MESSAGE, "invalid_heartbeat_message", Y)                                     \
	X(TLS_INVALID_RECORD_TYPE, "invalid_record_type", Y)                                                 \
	X(TLS_INVALID_RECORD_VERSION, "invalid_record_version", Y)                                           \
	X(TLS_INVALID_SNI_LENGTH, "invalid_sni_length", Y)                                                   \
	X(TLS_INVALID_SNI_TYPE, "invalid_sni_type", Y)                                                       \
	X(TLS_INVALID_SSL_RECORD, "invalid_ssl_record", Y)                                                   \
	X(TLS_INVALID_SSLV2_HEADER, "invalid_sslv2_header", Y)                                               \
	X(TLS_INVALID_TLS_HEADER, "invalid_tls_header", Y)                                                   \
	X(TLS_MULTIPLE_SNI_EXTENSIONS, "multiple_sni_extensions", Y)                                         \
	X(TLS_OVERFLOW_HEARTBEAT_MESSAGE, "overflow_heartbeat_message", Y)                                   \
	X(TLS_TOO_MANY_RECORDS_IN_PACKET, "too_many_records_in_packet", Y)

#define APP_EVENTS_DNS(X)                                                                                    \
	X(DNS_INFINITE_LOOP, "infinite_loop", Y)                                                             \
	X(DNS_INVALID_ADDITIONALS, "invalid_additionals", Y)                                                 \
	X(DNS_INVALID_AUTHORITIES, "invalid_authorities", Y)                                                 \
	X(DNS_INVALID_OPCODE, "invalid_opcode", Y)                                                           \
	X(DNS_MALFORMED_DATA, "malformed_data", Y)                                                           \
	X(DNS_NAME_TOO_LONG, "name_too_long", Y)                                                             \
	X(DNS_NOT_REQUEST, "not_request", Y)                                                                 \
	X(DNS_NOT_RESPONSE, "not_response", Y)                                                               \
	X(DNS_TOO_MANY_LABELS, "too_many_labels", Y)                                                         \
	X(DNS_Z_FLAG_SET, "z_flag_set", Y)

#define APP_EVENTS_SSH(X)                                                                                    \
	X(SSH_INVALID_BANNER, "invalid_banner", Y)                                                           \
	X(SSH_INVALID_RECORD, "invalid_record", Y)                                                           \
	X(SSH_LONG_BANNER, "long_banner", Y)

#define APP_EVENTS_FTP(X)                                                                                    \
	X(FTP_FILE_BEFORE_PORT, "file_before_port", Y)                                                       \
	X(FTP_FILE_WITHOUT_NAME, "file_without_name", Y)                                                     \
	X(FTP_REQUEST_COMMAND_TOO_LONG, "request_command_too_long", Y)                                       \
	X(FTP_RESPONSE_COMMAND_TOO_LONG, "response_command_too_long", Y)                                     \
	X(FTP_TOO_MANY_TRANSACTIONS, "too_many_transactions", Y)

#define APP_EVENTS_SMB(X)                                                                                    \
	X(SMB_FILE_OVERLAP, "file_overlap", Y)                                                               \
	X(SMB_INTERNAL_ERROR, "internal_error", N)                                                           \
	X(SMB_MALFORMED_DATA, "malformed_data", Y)                                                           \
	X(SMB_MALFORMED_NTLMSSP_REQUEST, "malformed_ntlmssp_request", Y)                                     \
	X(SMB_NEGOTIATE_MALFORMED_DIALECTS, "negotiate_malformed_dialects", Y)                               \
	X(SMB_NEGOTIATE_MAX_READ_SIZE_TOO_LARGE, "negotiate_max_read_size_too_large", Y)                     \
	X(SMB_NEGOTIATE_MAX_WRITE_SIZE_TOO_LARGE, "negotiate_max_write_size_too_large", Y)                   \
	X(SMB_READ_QUEUE_CNT_EXCEEDED, "read_queue_cnt_exceeded", Y)                                         \
	X(SMB_READ_QUEUE_SIZE_EXCEEDED, "read_queue_size_exceeded", Y)                                       \
	X(SMB_READ_REQUEST_TOO_LARGE, "read_request_too_large", Y)                                           \
	X(SMB_READ_RESPONSE_TOO_LARGE, "read_response_too_large", Y)                                         \
	X(SMB_REQUEST_TO_CLIENT, "request_to_client", Y)                                                     \
	X(SMB_RESPONSE_TO_SERVER, "response_to_server", Y)                                                   \
	X(SMB_TOO_MANY_TRANSACTIONS, "too_many_transactions", Y)                                             \
	X(SMB_WRITE_QUEUE_CNT_EXCEEDED, "write_queue_cnt_exceeded", Y)                                       \
	X(SMB_WRITE_QUEUE_SIZE_EXCEEDED, "write_queue_size_exceeded", Y)                                     \
	X(SMB_WRITE_REQUEST_TOO_LARGE, "write_request_too_large", Y)

#endif
